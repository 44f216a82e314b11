//! Moving uploads, with their small pictures.

use super::copy::copy;
use super::{Failure, MoveError, Moved, Owner, SLICE, Step, delete_copy, other};
use crate::files::Files;
use crate::files::store::{FileStore, StoreKind};
use crate::files::tally::Total;
use crate::storage::uploads::{self, UploadRow};
use sqlx::PgPool;
use uuid::Uuid;

pub(super) async fn move_all(
    files: &Files,
    pool: &PgPool,
    to: StoreKind,
    result: &mut Moved,
    progress: &mut impl FnMut(u64),
) -> Result<(), MoveError> {
    let from = other(to);
    let (source, target) = (files.store(from)?, files.store(to)?);
    let mut after = Uuid::nil();
    loop {
        let rows = uploads::walk(pool, Some(from), after, SLICE).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.id;
        for row in rows {
            let step = move_one(pool, &*source, &*target, row).await?;
            progress(result.count(Owner::Upload, step));
        }
    }
}

async fn move_one(
    pool: &PgPool,
    source: &dyn FileStore,
    target: &dyn FileStore,
    mut row: UploadRow,
) -> Result<Step, MoveError> {
    loop {
        let mut bytes = 0;
        for key in row.keys() {
            let expected = (key == row.key).then(|| Total {
                size: row.size_bytes,
                sha256: row.sha256.clone(),
            });
            let mut small = row.thumbnails.values().filter(|small| small.key == key);
            let content_type = small.next().map_or(&row.content_type, |s| &s.content_type);
            match copy(source, target, &key, content_type, expected.as_ref()).await {
                Ok(total) => bytes += total.size,
                Err(error) => {
                    return Ok(Step::Failed(Failure {
                        of: Owner::Upload,
                        id: row.id,
                        key: key.to_string(),
                        error,
                    }));
                }
            }
        }
        if uploads::set_store(pool, &row, target.kind()).await? {
            return Ok(Step::Moved(bytes));
        }
        // Small pictures came while we copied, or the upload went.
        match uploads::find(pool, row.vendor_id, row.id).await? {
            Some(now) if now.store == source.kind() => row = now,
            _ => return Ok(Step::Gone),
        }
    }
}

pub(super) async fn delete_source(
    files: &Files,
    pool: &PgPool,
    to: StoreKind,
) -> Result<u64, MoveError> {
    let (source, target) = (files.store(other(to))?, files.store(to)?);
    let mut deleted = 0;
    let mut after = Uuid::nil();
    loop {
        let rows = uploads::walk(pool, Some(to), after, SLICE).await?;
        let Some(last) = rows.last() else {
            return Ok(deleted);
        };
        after = last.id;
        for key in rows.iter().flat_map(UploadRow::keys) {
            deleted += u64::from(delete_copy(&*source, &*target, &key).await?);
        }
    }
}

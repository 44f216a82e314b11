//! Moving reports: those of the other store, and those that an earlier release
//! kept beside the stores.

use super::copy::copy;
use super::{Failure, MoveError, Moved, Owner, SLICE, Step, delete_copy, other};
use crate::files::Files;
use crate::files::store::{FileStore, StoreKind};
use crate::files::tally::Total;
use crate::reports::sales::content_type;
use crate::storage::reports::{self, ReportRow};
use sqlx::PgPool;
use uuid::Uuid;

pub(super) async fn move_all(
    files: &Files,
    pool: &PgPool,
    to: StoreKind,
    result: &mut Moved,
    progress: &mut impl FnMut(u64),
) -> Result<(), MoveError> {
    let target = files.store(to)?;
    for from in [Some(other(to)), None] {
        let source = files.of_report(from)?;
        let mut after = Uuid::nil();
        loop {
            let rows = reports::walk(pool, from, after, SLICE).await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.id;
            for row in &rows {
                let step = move_one(pool, &*source, &*target, row).await?;
                progress(result.count(Owner::Report, step));
            }
        }
    }
    Ok(())
}

async fn move_one(
    pool: &PgPool,
    source: &dyn FileStore,
    target: &dyn FileStore,
    row: &ReportRow,
) -> Result<Step, MoveError> {
    let failed = |error| {
        Ok(Step::Failed(Failure {
            of: Owner::Report,
            id: row.id,
            key: row.file_key.clone().unwrap_or_default(),
            error,
        }))
    };
    let key = match row.key() {
        Ok(Some(key)) => key,
        Ok(None) => return Ok(Step::Gone),
        Err(error) => return failed(error.to_string()),
    };
    let expected = row.size_bytes.zip(row.sha256.clone());
    let expected = expected.map(|(size, sha256)| Total {
        size: size.unsigned_abs(),
        sha256,
    });
    let kind = content_type(&row.format);
    let total = match copy(source, target, &key, kind, expected.as_ref()).await {
        Ok(total) => total,
        Err(error) => return failed(error),
    };
    if reports::set_store(pool, row, target.kind(), &total.sha256).await? {
        Ok(Step::Moved(total.size))
    } else {
        // It ended meanwhile, and its job looks for the file where it was.
        target.delete(&key).await?;
        Ok(Step::Gone)
    }
}

pub(super) async fn delete_source(
    files: &Files,
    pool: &PgPool,
    to: StoreKind,
) -> Result<u64, MoveError> {
    let target = files.store(to)?;
    let sources = [files.of_report(Some(other(to)))?, files.of_report(None)?];
    let mut deleted = 0;
    let mut after = Uuid::nil();
    loop {
        let rows = reports::walk(pool, Some(to), after, SLICE).await?;
        let Some(last) = rows.last() else {
            return Ok(deleted);
        };
        after = last.id;
        for key in rows.iter().filter_map(|row| row.key().ok().flatten()) {
            for source in &sources {
                deleted += u64::from(delete_copy(&**source, &*target, &key).await?);
            }
        }
    }
}

//! Moving files from one store to the other. Each row says where its files
//! are and is changed only after the copies were read back and found to be
//! the same; so a run that was cut off goes on where it stopped, and the site
//! works all the while. Nothing is deleted but by [`delete_source`].

use super::key::Key;
use super::store::{FileStore, StoreKind};
use super::tally::{Tally, Total, drain};
use super::{FileError, Files};
use crate::storage::StorageError;
use crate::storage::uploads::{self, UploadRow};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

/// Rows read at a time.
const SLICE: i64 = 100;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Uploads whose files are in the new store now.
    pub moved: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Uploads that could not be moved, with the reason.
    pub failed: Vec<Failure>,
}

/// A file that could not be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Its upload.
    pub upload: Uuid,
    /// Its name in the store.
    pub key: String,
    /// Why.
    pub error: String,
}

/// The move cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// One of the stores cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Moves every file that is not in the store `to` yet. `progress` hears of
/// each upload that is done with, and its bytes.
///
/// # Errors
/// When the database or a whole store fails; single files that fail are in
/// the result.
pub async fn move_all(
    files: &Files,
    pool: &PgPool,
    to: StoreKind,
    mut progress: impl FnMut(u64),
) -> Result<Moved, MoveError> {
    let from = other(to);
    let (source, target) = (files.store(from)?, files.store(to)?);
    let mut result = Moved::default();
    let mut after = Uuid::nil();
    loop {
        let rows = uploads::walk(pool, Some(from), after, SLICE).await?;
        let Some(last) = rows.last() else {
            return Ok(result);
        };
        after = last.id;
        for row in rows {
            match move_one(pool, &*source, &*target, row).await? {
                Ok(Some(bytes)) => {
                    result.moved += 1;
                    result.bytes += bytes;
                    progress(bytes);
                }
                Ok(None) => progress(0),
                Err(failure) => {
                    tracing::warn!("{}: {}", failure.key, failure.error);
                    result.failed.push(failure);
                    progress(0);
                }
            }
        }
    }
}

/// The store that is not this one.
#[must_use]
pub const fn other(kind: StoreKind) -> StoreKind {
    match kind {
        StoreKind::Local => StoreKind::S3,
        StoreKind::S3 => StoreKind::Local,
    }
}

/// Moves one upload with its small pictures; gives the bytes, or nothing
/// when it was deleted meanwhile.
async fn move_one(
    pool: &PgPool,
    source: &dyn FileStore,
    target: &dyn FileStore,
    mut row: UploadRow,
) -> Result<Result<Option<u64>, Failure>, MoveError> {
    loop {
        let mut bytes = 0;
        for key in row.keys() {
            let expected = (key == row.key).then(|| Total {
                size: row.size_bytes,
                sha256: row.sha256.clone(),
            });
            match copy(source, target, &key, &row, expected).await {
                Ok(size) => bytes += size,
                Err(error) => {
                    return Ok(Err(Failure {
                        upload: row.id,
                        key: key.to_string(),
                        error,
                    }));
                }
            }
        }
        if uploads::set_store(pool, &row, target.kind()).await? {
            return Ok(Ok(Some(bytes)));
        }
        // Small pictures came while we copied, or the upload went.
        match uploads::find(pool, row.vendor_id, row.id).await? {
            Some(now) if now.store == source.kind() => row = now,
            _ => return Ok(Ok(None)),
        }
    }
}

/// Copies one file and reads the copy back. A copy that differs is made once
/// more; a second one that differs is no accident.
async fn copy(
    source: &dyn FileStore,
    target: &dyn FileStore,
    key: &Key,
    row: &UploadRow,
    expected: Option<Total>,
) -> Result<u64, String> {
    let text = |error: FileError| error.to_string();
    let content_type = row
        .thumbnails
        .values()
        .find(|small| small.key == *key)
        .map_or(&row.content_type, |small| &small.content_type);
    for _ in 0..2 {
        let body = source.open(key, None).await.map_err(text)?;
        let (tally, body) = Tally::watch(body, u64::MAX);
        target.put(key, content_type, body).await.map_err(text)?;
        let sent = tally.total();
        if expected.as_ref().is_some_and(|expected| *expected != sent) {
            target.delete(key).await.map_err(text)?;
            return Err(format!(
                "the file in the store {} is damaged: it has {} bytes and another digest than was written down",
                source.kind(),
                sent.size
            ));
        }
        let arrived = drain(target.open(key, None).await.map_err(text)?).await;
        if arrived.map_err(text)? == sent {
            return Ok(sent.size);
        }
    }
    target.delete(key).await.map_err(text)?;
    Err(format!(
        "the copy in the store {} differs from the file, twice",
        target.kind()
    ))
}

/// Deletes from the other store what is in `to` by its row and whole there.
/// Gives how many files were deleted.
///
/// # Errors
/// When the database or a store fails.
pub async fn delete_source(files: &Files, pool: &PgPool, to: StoreKind) -> Result<u64, MoveError> {
    let (source, target) = (files.store(other(to))?, files.store(to)?);
    let mut deleted = 0;
    let mut after = Uuid::nil();
    loop {
        let rows = uploads::walk(pool, Some(to), after, SLICE).await?;
        let Some(last) = rows.last() else {
            return Ok(deleted);
        };
        after = last.id;
        for row in &rows {
            for key in row.keys() {
                let old = source.size(&key).await?;
                if old.is_some() && target.size(&key).await? == old {
                    source.delete(&key).await?;
                    deleted += 1;
                }
            }
        }
    }
}

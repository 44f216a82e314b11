//! Moving files from one store to the other. Each row says where its files
//! are and is changed only after the copies were read back and found to be
//! the same; so a run that was cut off goes on where it stopped, and the site
//! works all the while. Nothing is deleted but by [`delete_source`].
//!
//! Start reading at [`move_all`].

mod copy;
mod reports;
mod uploads;

use super::store::{FileStore, StoreKind};
use super::{FileError, Files};
use crate::storage::StorageError;
use serde::Serialize;
use sqlx::PgPool;
use std::fmt;
use uuid::Uuid;

/// Rows read at a time.
const SLICE: i64 = 100;

/// What has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// Something that somebody sent.
    Upload,
    /// Something that was made for somebody.
    Report,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upload => "upload",
            Self::Report => "report",
        })
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Uploads whose files are in the new store now.
    pub moved: u64,
    /// Reports whose files are in the new store now.
    pub reports: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// What could not be moved, with the reason.
    pub failed: Vec<Failure>,
}

/// A file that could not be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Whose it is.
    pub of: Owner,
    /// The owner's row.
    pub id: Uuid,
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

/// What became of one row.
enum Step {
    /// Its files are in the new store; so many bytes.
    Moved(u64),
    /// It was deleted meanwhile.
    Gone,
    /// It stays where it was.
    Failed(Failure),
}

/// Moves every file that is not in the store `to` yet. `progress` hears of
/// each row that is done with, and its bytes.
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
    let mut result = Moved::default();
    uploads::move_all(files, pool, to, &mut result, &mut progress).await?;
    reports::move_all(files, pool, to, &mut result, &mut progress).await?;
    Ok(result)
}

/// The store that is not this one.
#[must_use]
pub const fn other(kind: StoreKind) -> StoreKind {
    match kind {
        StoreKind::Local => StoreKind::S3,
        StoreKind::S3 => StoreKind::Local,
    }
}

/// Deletes from the other store what is in `to` by its row and whole there.
/// Gives how many files were deleted.
///
/// # Errors
/// When the database or a store fails.
pub async fn delete_source(files: &Files, pool: &PgPool, to: StoreKind) -> Result<u64, MoveError> {
    let uploads = uploads::delete_source(files, pool, to).await?;
    Ok(uploads + reports::delete_source(files, pool, to).await?)
}

impl Moved {
    /// Counts a step, and gives its bytes.
    fn count(&mut self, of: Owner, step: Step) -> u64 {
        match step {
            Step::Moved(bytes) => {
                match of {
                    Owner::Upload => self.moved += 1,
                    Owner::Report => self.reports += 1,
                }
                self.bytes += bytes;
                bytes
            }
            Step::Gone => 0,
            Step::Failed(failure) => {
                tracing::warn!("{}: {}", failure.key, failure.error);
                self.failed.push(failure);
                0
            }
        }
    }
}

/// Deletes a file that another store has whole. Tells whether there was one.
async fn delete_copy(
    source: &dyn FileStore,
    target: &dyn FileStore,
    key: &super::key::Key,
) -> Result<bool, FileError> {
    let old = source.size(key).await?;
    let same = old.is_some() && target.size(key).await? == old;
    if same {
        source.delete(key).await?;
    }
    Ok(same)
}

//! Waiting for the disk.

use super::{Doing, StorageError};
use sqlx::PgExecutor;

/// Returns when all that was committed before is on disk.
///
/// # Errors
/// When the database fails.
pub async fn flush(db: impl PgExecutor<'_>) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/durability/flush.sql"))
        .execute(db)
        .await
        .doing("flush the database's log")?;
    Ok(())
}

//! Forgetting a file. Its row goes now, its bytes by a job that is enqueued
//! with the row's end: what a row names is always there.

use super::{FileError, Files};
use crate::domain::ids::VendorId;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::delete_files::DeleteFiles;
use crate::storage::reports::ReportRow;
use crate::storage::uploads;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Forgets a vendor's file, in the caller's transaction. Tells whether there
/// was one.
///
/// # Errors
/// When the database fails.
pub async fn forget(
    connection: &mut PgConnection,
    vendor: VendorId,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<bool, FileError> {
    let Some(row) = uploads::delete(&mut *connection, vendor, id).await? else {
        return Ok(false);
    };
    let job = NewJob::of(&DeleteFiles {
        store: row.store,
        keys: row.keys().iter().map(ToString::to_string).collect(),
    })?;
    enqueue(connection, &job.vendor(vendor), now).await?;
    Ok(true)
}

/// Sees to the file of a report whose row ends in the caller's transaction.
///
/// # Errors
/// When the database fails, or the disk, where an earlier release left it.
pub async fn forget_report(
    connection: &mut PgConnection,
    files: &Files,
    row: &ReportRow,
    now: OffsetDateTime,
) -> Result<(), FileError> {
    let Some(key) = row.key()? else {
        return Ok(());
    };
    if row.is_elsewhere {
        tracing::warn!(%key, "the file stays where a newer release put it");
        return Ok(());
    }
    let Some(store) = row.store else {
        return files.of_report(None)?.delete(&key).await;
    };
    let keys = vec![key.to_string()];
    let job = NewJob::of(&DeleteFiles { store, keys })?;
    enqueue(connection, &job.vendor(row.vendor_id), now).await?;
    Ok(())
}

//! Mail that is written down instead of sent.

use super::{Doing, StorageError};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// Writes one mail of one job; a second run of the same job changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    job: Uuid,
    recipient: &str,
    subject: &str,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/outbox/insert.sql"))
        .bind(job)
        .bind(recipient)
        .bind(subject)
        .bind(now)
        .execute(db)
        .await
        .doing("write a mail to the outbox")?;
    Ok(())
}

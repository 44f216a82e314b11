//! Events of the payment provider, kept as they came.

use super::{Doing, StorageError};
use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// An event that came.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct NewEvent<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub payload: &'a Value,
    pub created_at: OffsetDateTime,
    pub now: OffsetDateTime,
}

/// Keeps an event; tells whether it was new.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: impl PgExecutor<'_>, new: &NewEvent<'_>) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/webhook_events/insert.sql"))
        .bind(new.id)
        .bind(new.kind)
        .bind(new.payload)
        .bind(new.created_at)
        .bind(new.now)
        .execute(db)
        .await
        .doing("keep an event")?;
    Ok(done.rows_affected() > 0)
}

/// An event, and when it was dealt with.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    id: &str,
) -> Result<Option<(Value, Option<OffsetDateTime>)>, StorageError> {
    sqlx::query_as(include_str!("sql/webhook_events/find.sql"))
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up an event")
}

/// Notes that an event was dealt with.
///
/// # Errors
/// When the database fails.
pub async fn set_processed(
    db: impl PgExecutor<'_>,
    id: &str,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/webhook_events/set_processed.sql"))
        .bind(id)
        .bind(now)
        .execute(db)
        .await
        .doing("note that an event was dealt with")?;
    Ok(())
}

//! The queues as a whole: how they stand, and whether workers may touch them.

use super::{Doing, StorageError};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// How a queue stands.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueRow {
    /// Its name.
    pub queue: String,
    /// Jobs that may run now.
    pub due: i64,
    /// Jobs that wait for their time.
    pub scheduled: i64,
    /// Jobs that run.
    pub running: i64,
    /// Jobs that were given up, as long as they are kept.
    pub dead: i64,
    /// Since when the oldest due job waits.
    #[serde(with = "time::serde::rfc3339::option")]
    pub oldest_due_at: Option<OffsetDateTime>,
    /// Workers that serve it and were heard of lately.
    pub workers: i64,
    /// Since when it is paused; null when it is not.
    #[serde(with = "time::serde::rfc3339::option")]
    pub paused_at: Option<OffsetDateTime>,
    /// Who paused it.
    pub paused_by: Option<String>,
}

/// How these queues stand; a worker counts that was heard of since
/// `alive_since`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    queues: &[&str],
    now: OffsetDateTime,
    alive_since: OffsetDateTime,
) -> Result<Vec<QueueRow>, StorageError> {
    sqlx::query_as(include_str!("sql/queues/list.sql"))
        .bind(queues)
        .bind(now)
        .bind(alive_since)
        .fetch_all(db)
        .await
        .doing("read the state of the queues")
}

/// Pauses a queue; says whether it was not paused before.
///
/// # Errors
/// When the database fails.
pub async fn pause(
    connection: &mut PgConnection,
    queue: &str,
    now: OffsetDateTime,
    by: &str,
) -> Result<bool, StorageError> {
    let changed = sqlx::query(include_str!("sql/queues/pause.sql"))
        .bind(queue)
        .bind(now)
        .bind(by)
        .fetch_optional(connection)
        .await
        .doing("pause a queue")?;
    Ok(changed.is_some())
}

/// Ends a queue's pause; says whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn resume(connection: &mut PgConnection, queue: &str) -> Result<bool, StorageError> {
    let changed = sqlx::query(include_str!("sql/queues/resume.sql"))
        .bind(queue)
        .fetch_optional(connection)
        .await
        .doing("resume a queue")?;
    Ok(changed.is_some())
}

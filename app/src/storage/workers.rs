//! The registry of worker processes, and what it says about the queues.

use super::{Doing, StorageError};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{FromRow, PgExecutor, Row};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a worker says about itself with every heartbeat.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Heartbeat<'a> {
    pub id: Uuid,
    pub queues: &'a [String],
    pub host: &'a str,
    pub pid: i32,
    pub concurrency: i32,
    pub running: i32,
    pub now: OffsetDateTime,
}

/// Registers a worker, or renews its row.
///
/// # Errors
/// When the database fails.
pub async fn heartbeat(db: impl PgExecutor<'_>, beat: &Heartbeat<'_>) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/workers/heartbeat.sql"))
        .bind(beat.id)
        .bind(beat.queues)
        .bind(beat.host)
        .bind(beat.pid)
        .bind(beat.concurrency)
        .bind(beat.running)
        .bind(beat.now)
        .execute(db)
        .await
        .doing("renew the worker's heartbeat")?;
    Ok(())
}

/// A worker sleeps until it is notified, at most until a moment.
///
/// # Errors
/// When the database fails.
pub async fn sleeps(
    db: impl PgExecutor<'_>,
    id: Uuid,
    queues: &[String],
    until: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/workers/sleeps.sql"))
        .bind(id)
        .bind(queues)
        .bind(until)
        .execute(db)
        .await
        .doing("say that the worker sleeps")?;
    Ok(())
}

/// A worker is awake, and looks for itself.
///
/// # Errors
/// When the database fails.
pub async fn wakes(db: impl PgExecutor<'_>, id: Uuid) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/workers/wakes.sql"))
        .bind(id)
        .execute(db)
        .await
        .doing("say that the worker is awake")?;
    Ok(())
}

/// Removes a worker that stops.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: impl PgExecutor<'_>, id: Uuid) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/workers/delete.sql"))
        .bind(id)
        .execute(db)
        .await
        .doing("remove the worker from the registry")?;
    Ok(())
}

/// Removes workers not heard of since `before`; says how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_silent(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/workers/delete_silent.sql"))
        .bind(before)
        .execute(db)
        .await
        .doing("remove silent workers")?;
    Ok(done.rows_affected())
}

/// A worker process as it is known.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Worker)]
pub struct WorkerRow {
    /// New for every start.
    pub id: Uuid,
    /// What it serves.
    pub queues: Vec<String>,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: i32,
    /// How many jobs it runs side by side.
    pub concurrency: i32,
    /// How many it held at its last heartbeat.
    pub running: i32,
    /// When it started.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it was last heard of.
    #[serde(with = "time::serde::rfc3339")]
    pub heartbeat_at: OffsetDateTime,
    /// What it holds now, oldest first, at most 20.
    #[schema(value_type = Vec<HeldJob>)]
    pub jobs: Json<Vec<HeldJob>>,
}

/// A job that a worker holds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldJob {
    /// The job.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
}

/// Every worker that is known.
///
/// # Errors
/// When the database fails.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<WorkerRow>, StorageError> {
    sqlx::query_as(include_str!("sql/workers/list.sql"))
        .fetch_all(db)
        .await
        .doing("list the workers")
}

/// Whether a queue is served, and since when its oldest job waits.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "see the statement")]
pub struct Service {
    pub queue: String,
    pub oldest_due_at: Option<OffsetDateTime>,
    pub has_worker: bool,
    pub has_running: bool,
}

/// How each of `queues` is served; a worker counts that was heard of since
/// `alive_since`.
///
/// # Errors
/// When the database fails.
pub async fn service(
    db: impl PgExecutor<'_>,
    queues: &[&str],
    now: OffsetDateTime,
    alive_since: OffsetDateTime,
) -> Result<Vec<Service>, StorageError> {
    let rows = sqlx::query(include_str!("sql/jobs/oldest_due.sql"))
        .bind(queues)
        .bind(now)
        .bind(alive_since)
        .fetch_all(db)
        .await
        .doing("read how the queues are served")?;
    rows.iter()
        .map(|row| {
            Ok(Service {
                queue: row.try_get("queue")?,
                oldest_due_at: row.try_get("oldest_due_at")?,
                has_worker: row.try_get("has_worker")?,
                has_running: row.try_get("has_running")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .doing("read how the queues are served")
}

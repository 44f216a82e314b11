//! The table of periodic jobs.

use super::{Doing, StorageError};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgExecutor, Row};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A periodic job that is due.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct DueRow {
    pub name: String,
    pub schedule: String,
    pub queue: String,
    pub kind: String,
    pub args: serde_json::Value,
    /// Whether the job of its previous run has not finished.
    pub unfinished: bool,
}

impl FromRow<'_, PgRow> for DueRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: row.try_get("name")?,
            schedule: row.try_get("schedule")?,
            queue: row.try_get("queue")?,
            kind: row.try_get("kind")?,
            args: row.try_get("args")?,
            unfinished: row.try_get("unfinished")?,
        })
    }
}

/// A periodic job as stored.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = PeriodicJob)]
pub struct CronRow {
    /// Its name.
    pub name: String,
    /// When it runs, in the five fields of cron, UTC.
    pub schedule: String,
    /// Its queue.
    pub queue: String,
    /// Its kind.
    pub kind: String,
    /// Whether it runs at all.
    pub enabled: bool,
    /// When it runs next.
    #[serde(with = "time::serde::rfc3339")]
    pub next_run_at: OffsetDateTime,
    /// When it ran last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_run_at: Option<OffsetDateTime>,
    /// The job of that run.
    pub last_job_id: Option<Uuid>,
}

/// Every periodic job.
///
/// # Errors
/// When the database fails.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<CronRow>, StorageError> {
    sqlx::query_as(include_str!("sql/cron/list.sql"))
        .fetch_all(db)
        .await
        .doing("list the periodic jobs")
}

/// Adds a built-in periodic job, or brings its row up to date.
///
/// # Errors
/// When the database fails.
pub async fn upsert(
    db: impl PgExecutor<'_>,
    name: &str,
    schedule: &str,
    queue: &str,
    kind: &str,
    next_run_at: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/cron/upsert.sql"))
        .bind(name)
        .bind(schedule)
        .bind(queue)
        .bind(kind)
        .bind(serde_json::json!({}))
        .bind(next_run_at)
        .execute(db)
        .await
        .doing("store a periodic job")?;
    Ok(())
}

/// What is due, locked until the caller's transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn due(
    connection: &mut PgConnection,
    now: OffsetDateTime,
) -> Result<Vec<DueRow>, StorageError> {
    sqlx::query_as(include_str!("sql/cron/due.sql"))
        .bind(now)
        .fetch_all(connection)
        .await
        .doing("find due periodic jobs")
}

/// Sets the next run, and the last one when there was one.
///
/// # Errors
/// When the database fails.
pub async fn advance(
    connection: &mut PgConnection,
    name: &str,
    next_run_at: OffsetDateTime,
    ran: Option<(OffsetDateTime, Uuid)>,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/cron/advance.sql"))
        .bind(name)
        .bind(next_run_at)
        .bind(ran.map(|(at, _)| at))
        .bind(ran.map(|(_, job)| job))
        .execute(connection)
        .await
        .doing("set the next run of a periodic job")?;
    Ok(())
}

/// When the next periodic job is due.
///
/// # Errors
/// When the database fails.
pub async fn next_due(db: impl PgExecutor<'_>) -> Result<Option<OffsetDateTime>, StorageError> {
    sqlx::query_scalar(include_str!("sql/cron/next_due.sql"))
        .fetch_one(db)
        .await
        .doing("find the next periodic job")
}

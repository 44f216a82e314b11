//! The table of jobs. The rules of the queue are in [`crate::queue`]; here is
//! only how each step reads and writes rows.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, PgExecutor, Row};
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What stands as the error of a job that was cancelled.
pub const CANCELLED: &str = "cancelled";

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for its time or for a worker.
    Queued,
    /// Held by a worker.
    Running,
    /// Finished well.
    Done,
    /// Given up on.
    Dead,
}

impl JobState {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no job state.
#[derive(Debug, thiserror::Error)]
#[error("no job state is named {0:?}; the states are queued, running, done and dead")]
pub struct UnknownState(String);

impl FromStr for JobState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Queued, Self::Running, Self::Done, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// How one attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttemptError {
    /// Which attempt, from 1.
    pub attempt: i32,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What went wrong.
    pub error: String,
}

/// One job as stored. Its queue is text: a row may come from a newer version
/// that knows more queues.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct JobRow {
    pub id: Uuid,
    pub queue: String,
    pub kind: String,
    pub args: serde_json::Value,
    pub state: JobState,
    pub priority: i16,
    pub run_at: OffsetDateTime,
    pub attempt: i32,
    pub max_attempts: i32,
    pub last_error: Option<String>,
    pub vendor_id: Option<VendorId>,
    pub cancel_requested_at: Option<OffsetDateTime>,
    pub errors: Vec<AttemptError>,
    pub created_at: OffsetDateTime,
    pub started_at: Option<OffsetDateTime>,
    pub finished_at: Option<OffsetDateTime>,
}

impl FromRow<'_, PgRow> for JobRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let state: &str = row.try_get("state")?;
        Ok(Self {
            id: row.try_get("id")?,
            queue: row.try_get("queue")?,
            kind: row.try_get("kind")?,
            args: row.try_get("args")?,
            state: state
                .parse()
                .map_err(|error: UnknownState| sqlx::Error::Decode(error.into()))?,
            priority: row.try_get("priority")?,
            run_at: row.try_get("run_at")?,
            attempt: row.try_get("attempt")?,
            max_attempts: row.try_get("max_attempts")?,
            last_error: row.try_get("last_error")?,
            vendor_id: row.try_get("vendor_id")?,
            cancel_requested_at: row.try_get("cancel_requested_at")?,
            errors: row.try_get::<Json<Vec<AttemptError>>, _>("errors")?.0,
            created_at: row.try_get("created_at")?,
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
        })
    }
}

/// What is needed to add a job.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct NewRow<'a> {
    pub queue: &'a str,
    pub kind: &'a str,
    pub args: &'a serde_json::Value,
    pub priority: i16,
    pub run_at: OffsetDateTime,
    pub max_attempts: i32,
    pub unique_key: Option<&'a str>,
    pub unique_until: Option<OffsetDateTime>,
    pub vendor: Option<VendorId>,
    pub now: OffsetDateTime,
}

/// Adds a job; `None` when another one holds the unique key.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    connection: &mut PgConnection,
    new: &NewRow<'_>,
) -> Result<Option<JobRow>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/insert.sql"))
        .bind(Uuid::now_v7())
        .bind(new.queue)
        .bind(new.kind)
        .bind(new.args)
        .bind(new.priority)
        .bind(new.run_at)
        .bind(new.max_attempts)
        .bind(new.unique_key)
        .bind(new.unique_until)
        .bind(new.now)
        .bind(new.vendor)
        .fetch_optional(connection)
        .await
        .doing("enqueue a job")
}

/// The job that holds a unique key.
///
/// # Errors
/// When the database fails.
pub async fn find_by_unique_key(
    connection: &mut PgConnection,
    key: &str,
) -> Result<Option<JobRow>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/find_by_unique_key.sql"))
        .bind(key)
        .fetch_optional(connection)
        .await
        .doing("look up a job by its unique key")
}

/// One job.
///
/// # Errors
/// When the database fails.
pub async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<JobRow>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/find.sql"))
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up a job")
}

/// Which jobs are looked for; what is `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Where they stand.
    pub state: Option<JobState>,
    /// Their queue.
    pub queue: Option<&'static str>,
    /// Their kind.
    pub kind: Option<String>,
    /// Text in their arguments or their last error, or their id.
    pub text: Option<String>,
    /// Whose they are.
    pub vendor: Option<VendorId>,
    /// They are older than this one.
    pub before: Option<Uuid>,
    /// At most this many.
    pub limit: i64,
}

/// Jobs, newest first.
///
/// # Errors
/// When the database fails.
pub async fn search(db: impl PgExecutor<'_>, search: &Search) -> Result<Vec<JobRow>, StorageError> {
    let id = search
        .text
        .as_deref()
        .and_then(|text| text.trim().parse::<Uuid>().ok());
    let text = search.text.as_deref().filter(|_| id.is_none());
    sqlx::query_as(include_str!("sql/jobs/search.sql"))
        .bind(search.state.map(JobState::as_str))
        .bind(search.queue)
        .bind(search.kind.as_deref())
        .bind(text)
        .bind(search.vendor)
        .bind(search.before)
        .bind(search.limit)
        .bind(id)
        .fetch_all(db)
        .await
        .doing("look for jobs")
}

/// Makes a waiting or dead job due at once; `None` when it is neither.
///
/// # Errors
/// When the database fails.
pub async fn requeue(
    connection: &mut PgConnection,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<JobRow>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/requeue.sql"))
        .bind(id)
        .bind(now)
        .fetch_optional(connection)
        .await
        .doing("put a job back into its queue")
}

/// Ends a waiting job, marks a running one; `None` when it is neither.
///
/// # Errors
/// When the database fails.
pub async fn cancel(
    connection: &mut PgConnection,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<JobRow>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/cancel.sql"))
        .bind(id)
        .bind(now)
        .bind(CANCELLED)
        .fetch_optional(connection)
        .await
        .doing("cancel a job")
}

/// Removes a job that does not run; `None` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn delete(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<JobRow>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/delete.sql"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .doing("delete a job")
}

/// Removes up to `limit` jobs of a queue that are in one state; says how many.
///
/// # Errors
/// When the database fails.
pub async fn purge(
    db: impl PgExecutor<'_>,
    queue: &str,
    state: JobState,
    limit: i64,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/jobs/purge.sql"))
        .bind(queue)
        .bind(state.as_str())
        .bind(limit)
        .execute(db)
        .await
        .doing("purge a queue")?;
    Ok(done.rows_affected())
}

/// How one queue stands.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the statement")]
pub struct QueueStats {
    pub queue: String,
    pub due: i64,
    pub scheduled: i64,
    pub running: i64,
    pub done: i64,
    pub dead: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    pub oldest_due_at: Option<OffsetDateTime>,
}

/// Depth and age of every queue that has jobs.
///
/// # Errors
/// When the database fails.
pub async fn stats(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
) -> Result<Vec<QueueStats>, StorageError> {
    let rows = sqlx::query(include_str!("sql/jobs/stats.sql"))
        .bind(now)
        .fetch_all(db)
        .await
        .doing("read the state of the queues")?;
    rows.iter()
        .map(|row| {
            Ok(QueueStats {
                queue: row.try_get("queue")?,
                due: row.try_get("due")?,
                scheduled: row.try_get("scheduled")?,
                running: row.try_get("running")?,
                done: row.try_get("done")?,
                dead: row.try_get("dead")?,
                oldest_due_at: row.try_get("oldest_due_at")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .doing("read the state of the queues")
}

/// Whether any job of a kind waits or runs.
///
/// # Errors
/// When the database fails.
pub async fn any_open(db: impl PgExecutor<'_>, kind: &str) -> Result<bool, StorageError> {
    sqlx::query_scalar(include_str!("sql/jobs/any_open.sql"))
        .bind(kind)
        .fetch_one(db)
        .await
        .doing("look for unfinished jobs")
}

/// Wakes the workers of a queue.
///
/// # Errors
/// When the database fails.
pub async fn wake(db: impl PgExecutor<'_>, queue: &str) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/jobs/wake.sql"))
        .bind(queue)
        .execute(db)
        .await
        .doing("wake the workers of a queue")?;
    Ok(())
}

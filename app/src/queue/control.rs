//! What an operator may do to jobs and queues. Each act and its entry in the
//! audit log are one transaction.

use crate::auth::audit::{self, Entry};
use crate::cache::Cache;
use crate::errors::{AppError, Problem};
use crate::events::{self, Event};
use crate::storage::jobs::{self, JobRow, JobState};
use crate::storage::{Doing, StorageError, queues};
use axum::http::StatusCode;
use onebox_model::QueueName;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Rows a purge deletes at a time.
const SLICE: i64 = 5_000;
/// How long news may take.
const PATIENCE: Duration = Duration::from_millis(250);

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No such job.
    #[error("there is no job {0} (any more)")]
    NoJob(Uuid),
    /// The job's state does not allow it.
    #[error("the job is {state}; {hint}")]
    State {
        /// Where it stands.
        state: JobState,
        /// What would be possible.
        hint: &'static str,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ControlError> for AppError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::NoJob(_) => Self::not_found("There is no such job (any more)."),
            ControlError::State { .. } => Problem::new(StatusCode::CONFLICT)
                .detail(error.to_string())
                .into(),
            ControlError::Storage(error) => error.into(),
        }
    }
}

/// What may be purged.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Purged {
    /// What waits.
    Queued,
    /// What was given up.
    Dead,
}

impl Purged {
    /// The state whose jobs go.
    #[must_use]
    pub const fn state(self) -> JobState {
        match self {
            Self::Queued => JobState::Queued,
            Self::Dead => JobState::Dead,
        }
    }
}

/// Makes a waiting or dead job due at once.
///
/// # Errors
/// When it is neither, or the database fails.
pub async fn retry(
    pool: &PgPool,
    id: Uuid,
    now: OffsetDateTime,
    entry: Entry,
) -> Result<JobRow, ControlError> {
    let mut transaction = begin(pool).await?;
    let row = jobs::requeue(&mut transaction, id, now).await?;
    let hint = "only one that waits or is dead can be tried again";
    let row = or_why(&mut transaction, id, row, hint).await?;
    audit::record(&mut transaction, entry.subject(id)).await?;
    commit(transaction).await?;
    Ok(row)
}

/// Ends a job: one that waits is dead at once, one that runs is stopped by its
/// worker as soon as that hears of it. Who watches is told.
///
/// # Errors
/// When it has ended already, or the database fails.
pub async fn cancel(
    pool: &PgPool,
    cache: &Cache,
    id: Uuid,
    now: OffsetDateTime,
    entry: Entry,
) -> Result<JobRow, ControlError> {
    let mut transaction = begin(pool).await?;
    let row = jobs::cancel(&mut transaction, id, now).await?;
    let row = or_why(&mut transaction, id, row, "it has ended already").await?;
    audit::record(&mut transaction, entry.subject(id)).await?;
    commit(transaction).await?;
    // Of one that runs, its worker tells.
    if row.state == JobState::Dead {
        tell(cache, &row).await;
    }
    Ok(row)
}

/// News are no promise, and Redis holds nobody up.
async fn tell(cache: &Cache, row: &JobRow) {
    let news = Event::JobFinished {
        job: row.id,
        kind: row.kind.clone(),
        vendor: row.vendor_id,
        state: row.state,
        error: row.last_error.clone(),
    };
    let told = events::publish_on(cache, &news);
    if !matches!(tokio::time::timeout(PATIENCE, told).await, Ok(Ok(()))) {
        tracing::debug!(job = %row.id, "nobody hears that a job was cancelled");
    }
}

/// Removes a job that does not run.
///
/// # Errors
/// When it runs, or the database fails.
pub async fn delete(pool: &PgPool, id: Uuid, entry: Entry) -> Result<(), ControlError> {
    let mut transaction = begin(pool).await?;
    let row = jobs::delete(&mut transaction, id).await?;
    let row = or_why(&mut transaction, id, row, "cancel it first").await?;
    let detail = json!({"kind": row.kind, "queue": row.queue, "state": row.state});
    audit::record(&mut transaction, entry.subject(id).detail(detail)).await?;
    Ok(commit(transaction).await?)
}

/// Makes workers leave a queue alone; says whether they did not already.
///
/// # Errors
/// When the database fails.
pub async fn pause(
    pool: &PgPool,
    queue: QueueName,
    now: OffsetDateTime,
    by: &str,
    entry: Entry,
) -> Result<bool, StorageError> {
    let mut transaction = begin(pool).await?;
    let changed = queues::pause(&mut transaction, queue.as_str(), now, by).await?;
    audit::record(&mut transaction, entry.subject(queue)).await?;
    commit(transaction).await?;
    Ok(changed)
}

/// Lets workers serve a queue again; says whether they did not already.
///
/// # Errors
/// When the database fails.
pub async fn resume(pool: &PgPool, queue: QueueName, entry: Entry) -> Result<bool, StorageError> {
    let mut transaction = begin(pool).await?;
    let changed = queues::resume(&mut transaction, queue.as_str()).await?;
    audit::record(&mut transaction, entry.subject(queue)).await?;
    commit(transaction).await?;
    Ok(changed)
}

/// Deletes a queue's waiting or dead jobs and says how many. The entry is
/// written first: what a purge cut off half-way has done is not unsaid.
///
/// # Errors
/// When the database fails; some may be deleted by then.
pub async fn purge(
    pool: &PgPool,
    queue: QueueName,
    what: Purged,
    entry: Entry,
) -> Result<u64, StorageError> {
    let mut transaction = begin(pool).await?;
    let detail = json!({"state": what.state()});
    audit::record(&mut transaction, entry.subject(queue).detail(detail)).await?;
    commit(transaction).await?;
    let mut deleted = 0;
    loop {
        let slice = jobs::purge(pool, queue.as_str(), what.state(), SLICE).await?;
        deleted += slice;
        if slice < SLICE.unsigned_abs() {
            return Ok(deleted);
        }
    }
}

async fn or_why(
    connection: &mut PgConnection,
    id: Uuid,
    changed: Option<JobRow>,
    hint: &'static str,
) -> Result<JobRow, ControlError> {
    match changed {
        Some(row) => Ok(row),
        None => match jobs::find(connection, id).await? {
            Some(row) => Err(ControlError::State {
                state: row.state,
                hint,
            }),
            None => Err(ControlError::NoJob(id)),
        },
    }
}

type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

async fn begin(pool: &PgPool) -> Result<Transaction, StorageError> {
    pool.begin().await.doing("begin a transaction")
}

async fn commit(transaction: Transaction) -> Result<(), StorageError> {
    transaction
        .commit()
        .await
        .doing("commit what the operator did")
}

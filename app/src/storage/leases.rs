//! The steps of a job between a worker's taking it and giving it back. Every
//! write names the lease it is made under, so that a worker that was thought
//! dead cannot overwrite what its successor did.

use super::jobs::{JobRow, JobState};
use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::{PgExecutor, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// A worker's hold on one attempt of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: Uuid,
    /// The worker.
    pub worker: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: i32,
}

/// Takes up to `limit` due jobs of a queue, best first.
///
/// # Errors
/// When the database fails.
pub async fn fetch(
    db: impl PgExecutor<'_>,
    queue: &str,
    worker: Uuid,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
    limit: i64,
) -> Result<Vec<JobRow>, StorageError> {
    let mut rows: Vec<JobRow> = sqlx::query_as(include_str!("sql/jobs/fetch.sql"))
        .bind(queue)
        .bind(worker)
        .bind(now)
        .bind(lease_until)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("fetch jobs")?;
    // UPDATE … RETURNING promises no order.
    rows.sort_by_key(|row| (std::cmp::Reverse(row.priority), row.run_at, row.id));
    Ok(rows)
}

/// The same of one kind only.
///
/// # Errors
/// When the database fails.
pub async fn fetch_kind(
    db: impl PgExecutor<'_>,
    queue: &str,
    kind: &str,
    worker: Uuid,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
    limit: i64,
) -> Result<Vec<JobRow>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/fetch_kind.sql"))
        .bind(queue)
        .bind(worker)
        .bind(now)
        .bind(lease_until)
        .bind(limit)
        .bind(kind)
        .fetch_all(db)
        .await
        .doing("fetch jobs of one kind")
}

/// When the next job of these queues is due, if any waits.
///
/// # Errors
/// When the database fails.
pub async fn next_due(
    db: impl PgExecutor<'_>,
    queues: &[String],
) -> Result<Option<OffsetDateTime>, StorageError> {
    sqlx::query_scalar(include_str!("sql/jobs/next_due.sql"))
        .bind(queues)
        .fetch_one(db)
        .await
        .doing("find the next due job")
}

/// How one run ended.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    /// The job.
    pub job: Uuid,
    /// Which attempt it was.
    pub attempt: i32,
    /// Whether the attempt counts.
    pub counted: bool,
    /// Where the job stands now; never running.
    pub state: JobState,
    /// When it is due again, if it is.
    pub run_at: Option<OffsetDateTime>,
    /// What went wrong.
    pub error: Option<&'a str>,
}

/// Writes down how runs of a worker ended; gives the jobs whose leases were in
/// force. Nothing is written of the others.
///
/// # Errors
/// When the database fails.
pub async fn settle(
    db: impl PgExecutor<'_>,
    worker: Uuid,
    now: OffsetDateTime,
    ends: &[Settled<'_>],
) -> Result<Vec<Uuid>, StorageError> {
    sqlx::query_scalar(include_str!("sql/jobs/settle.sql"))
        .bind(worker)
        .bind(now)
        .bind(ends.iter().map(|end| end.job).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.attempt).collect::<Vec<_>>())
        .bind(
            ends.iter()
                .map(|end| end.state.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(ends.iter().map(|end| end.run_at).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.error).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.counted).collect::<Vec<_>>())
        .fetch_all(db)
        .await
        .doing("write down how jobs ended")
}

/// What a worker holds.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Kept {
    /// The job.
    pub id: Uuid,
    /// Which attempt.
    pub attempt: i32,
    /// The job's kind.
    pub kind: String,
    /// Whose it is.
    pub vendor_id: Option<VendorId>,
    /// Whether someone wants it ended.
    pub cancelled: bool,
}

/// Renews the leases of a worker and says what it holds.
///
/// # Errors
/// When the database fails.
pub async fn extend(
    db: impl PgExecutor<'_>,
    worker: Uuid,
    lease_until: OffsetDateTime,
) -> Result<Vec<Kept>, StorageError> {
    sqlx::query_as(include_str!("sql/jobs/extend_leases.sql"))
        .bind(worker)
        .bind(lease_until)
        .fetch_all(db)
        .await
        .doing("renew leases")
}

/// Gives back everything a worker holds; says how many.
///
/// # Errors
/// When the database fails.
pub async fn release(
    db: impl PgExecutor<'_>,
    worker: Uuid,
    now: OffsetDateTime,
) -> Result<i64, StorageError> {
    let row = sqlx::query(include_str!("sql/jobs/release.sql"))
        .bind(worker)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("give back unfinished jobs")?;
    row.try_get("released").doing("give back unfinished jobs")
}

/// A job whose worker died, and what became of it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Expired {
    pub id: Uuid,
    pub kind: String,
    pub queue: String,
    pub attempt: i32,
    pub state: String,
}

/// Takes back jobs whose lease ran out before `now`.
///
/// # Errors
/// When the database fails.
pub async fn expire(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
) -> Result<Vec<Expired>, StorageError> {
    let rows: Vec<(Uuid, String, String, i32, String)> =
        sqlx::query_as(include_str!("sql/jobs/expire_leases.sql"))
            .bind(now)
            .fetch_all(db)
            .await
            .doing("take back jobs of dead workers")?;
    Ok(rows
        .into_iter()
        .map(|(id, kind, queue, attempt, state)| Expired {
            id,
            kind,
            queue,
            attempt,
            state,
        })
        .collect())
}

/// Brings up to a hundred jobs of a queue that have been due since before
/// `since` a step nearer to the best priority that is due; says how many.
///
/// # Errors
/// When the database fails.
pub async fn age(
    db: impl PgExecutor<'_>,
    queue: &str,
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/jobs/age.sql"))
        .bind(queue)
        .bind(since)
        .bind(now)
        .execute(db)
        .await
        .doing("raise jobs that have waited long")?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` finished jobs past retention; says how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_finished(
    db: impl PgExecutor<'_>,
    done_before: OffsetDateTime,
    dead_before: OffsetDateTime,
    now: OffsetDateTime,
    limit: i64,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/jobs/delete_finished.sql"))
        .bind(done_before)
        .bind(dead_before)
        .bind(now)
        .bind(limit)
        .execute(db)
        .await
        .doing("delete old jobs")?;
    Ok(done.rows_affected())
}

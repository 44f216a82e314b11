//! The steps of a job between a worker's taking it and giving it back. Every
//! write names the lease it is made under, so that a worker that was thought
//! dead cannot overwrite what its successor did.

use super::jobs::JobRow;
use super::{Doing, StorageError};
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

/// Whether a write found its lease in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It did, and the row is written.
    Yes,
    /// The job had been given to someone else; nothing is written.
    Lost,
}

impl Held {
    fn from_rows(rows: u64) -> Self {
        if rows == 0 { Self::Lost } else { Self::Yes }
    }
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

/// The job is done.
///
/// # Errors
/// When the database fails.
pub async fn complete(
    db: impl PgExecutor<'_>,
    lease: Lease,
    now: OffsetDateTime,
) -> Result<Held, StorageError> {
    let done = sqlx::query(include_str!("sql/jobs/complete.sql"))
        .bind(lease.job)
        .bind(lease.worker)
        .bind(lease.attempt)
        .bind(now)
        .execute(db)
        .await
        .doing("mark a job done")?;
    Ok(Held::from_rows(done.rows_affected()))
}

/// The attempt failed; the next one is at `run_at`.
///
/// # Errors
/// When the database fails.
pub async fn retry(
    db: impl PgExecutor<'_>,
    lease: Lease,
    run_at: OffsetDateTime,
    error: &str,
) -> Result<Held, StorageError> {
    let done = sqlx::query(include_str!("sql/jobs/retry.sql"))
        .bind(lease.job)
        .bind(lease.worker)
        .bind(lease.attempt)
        .bind(run_at)
        .bind(error)
        .execute(db)
        .await
        .doing("put a failed job back")?;
    Ok(Held::from_rows(done.rows_affected()))
}

/// The job is given up.
///
/// # Errors
/// When the database fails.
pub async fn bury(
    db: impl PgExecutor<'_>,
    lease: Lease,
    now: OffsetDateTime,
    error: &str,
) -> Result<Held, StorageError> {
    let done = sqlx::query(include_str!("sql/jobs/bury.sql"))
        .bind(lease.job)
        .bind(lease.worker)
        .bind(lease.attempt)
        .bind(now)
        .bind(error)
        .execute(db)
        .await
        .doing("mark a job dead")?;
    Ok(Held::from_rows(done.rows_affected()))
}

/// The job wants to be asked again at `run_at`; the attempt does not count.
///
/// # Errors
/// When the database fails.
pub async fn snooze(
    db: impl PgExecutor<'_>,
    lease: Lease,
    run_at: OffsetDateTime,
) -> Result<Held, StorageError> {
    let done = sqlx::query(include_str!("sql/jobs/snooze.sql"))
        .bind(lease.job)
        .bind(lease.worker)
        .bind(lease.attempt)
        .bind(run_at)
        .execute(db)
        .await
        .doing("snooze a job")?;
    Ok(Held::from_rows(done.rows_affected()))
}

/// Renews the leases of a worker and says which jobs and attempts it holds.
///
/// # Errors
/// When the database fails.
pub async fn extend(
    db: impl PgExecutor<'_>,
    worker: Uuid,
    lease_until: OffsetDateTime,
) -> Result<Vec<(Uuid, i32)>, StorageError> {
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

//! One look at the table of periodic jobs.

use super::schedule::Schedule;
use crate::queue::enqueue::{EnqueueError, NewJob, enqueue};
use crate::storage::cron::{self, DueRow};
use crate::storage::{Doing, StorageError};
use onebox_model::QueueName;
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};

/// Enqueues what is due and says how many jobs that were.
///
/// # Errors
/// When the database fails; then nothing was enqueued.
pub async fn tick(pool: &PgPool, now: OffsetDateTime) -> Result<usize, StorageError> {
    let mut transaction = pool.begin().await.doing("begin a transaction")?;
    let mut enqueued = 0;
    for row in cron::due(&mut transaction, now).await? {
        enqueued += usize::from(run(&mut transaction, &row, now).await?);
    }
    transaction
        .commit()
        .await
        .doing("commit the due periodic jobs")?;
    Ok(enqueued)
}

async fn run(
    connection: &mut PgConnection,
    row: &DueRow,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let parsed = (
        row.schedule.parse::<Schedule>(),
        row.queue.parse::<QueueName>(),
    );
    let (schedule, queue) = match parsed {
        (Ok(schedule), Ok(queue)) => (schedule, queue),
        (Err(error), _) => return postpone(connection, row, now, &error.to_string()).await,
        (_, Err(error)) => return postpone(connection, row, now, &error.to_string()).await,
    };
    let next = schedule.next_after(now);
    if row.unfinished {
        tracing::warn!(name = row.name, "skipped: its previous run is unfinished");
        cron::advance(connection, &row.name, next, None).await?;
        return Ok(false);
    }
    let job = NewJob::raw(queue, row.kind.as_str(), row.args.clone());
    let job = match enqueue(connection, &job, now).await {
        Ok(enqueued) => enqueued.into_row(),
        Err(EnqueueError::Storage(error)) => return Err(error),
        Err(error) => return postpone(connection, row, now, &error.to_string()).await,
    };
    cron::advance(connection, &row.name, next, Some((now, job.id))).await?;
    Ok(true)
}

/// A row this version cannot read must not stop the others.
async fn postpone(
    connection: &mut PgConnection,
    row: &DueRow,
    now: OffsetDateTime,
    error: &str,
) -> Result<bool, StorageError> {
    tracing::error!(
        name = row.name,
        "periodic job not run, next try in an hour: {error}"
    );
    cron::advance(connection, &row.name, now + Duration::HOUR, None).await?;
    Ok(false)
}

//! A job through a queue.

use super::StepError;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::self_test::SelfTest;
use crate::storage::jobs::{self, JobState};
use crate::storage::self_test as rows;
use onebox_model::{QueueName, queues as all};
use sqlx::PgConnection;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use uuid::Uuid;

/// Before whatever else waits.
const FIRST: i16 = 1_000;
/// Between two looks at the job.
const LOOK: Duration = Duration::from_millis(25);
/// So much sooner than the walk's end, so that the step can say why.
const MARGIN: Duration = Duration::from_millis(200);

/// Which queues are asked. In a trial all, because nothing else runs; on a box
/// at work one, because the others may be busy for as long as an import takes.
pub(super) async fn queues(
    connection: &mut PgConnection,
    on_trial: bool,
) -> Result<Vec<QueueName>, StepError> {
    if on_trial {
        return Ok(all::ALL.to_vec());
    }
    let paused = rows::paused(connection).await?;
    let working = all::ALL
        .into_iter()
        .find(|queue| !paused.iter().any(|paused| paused == queue.as_str()));
    working.map(|queue| vec![queue]).ok_or(StepError::AllPaused)
}

/// Enqueues a job and waits until a worker has finished it.
pub(super) async fn run(
    connection: &mut PgConnection,
    queue: QueueName,
    patience: Duration,
) -> Result<(), StepError> {
    let began = Instant::now();
    let job = NewJob::of(&SelfTest {})?
        .on(queue)
        .priority(FIRST)
        .max_attempts(1);
    let row = enqueue(connection, &job, OffsetDateTime::now_utc()).await?;
    let id = row.into_row().id;
    loop {
        let taken = match state(connection, id, queue).await? {
            Some(JobState::Done) => return Ok(()),
            Some(JobState::Running) => true,
            _ => false,
        };
        if began.elapsed() + MARGIN >= patience {
            let queue = queue.to_string();
            return Err(match taken {
                true => StepError::NotFinished { queue },
                false => StepError::NotTaken { queue },
            });
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn state(
    connection: &mut PgConnection,
    id: Uuid,
    queue: QueueName,
) -> Result<Option<JobState>, StepError> {
    let row = jobs::find(connection, id).await?;
    match row {
        Some(row) if row.state == JobState::Dead => Err(StepError::JobFailed {
            queue: queue.to_string(),
            error: row.last_error.unwrap_or_default(),
        }),
        row => Ok(row.map(|row| row.state)),
    }
}

//! Retention: done jobs stay a day, dead ones a week, and workers that fell
//! silent leave the registry after an hour. What a killed self-test has left
//! goes too.

use crate::queue::job::{Context, Job};
use crate::queue::jobs::self_test::SelfTest;
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::{leases, self_test, workers};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use time::Duration;

/// How long done jobs are kept.
pub const KEEP_DONE: Duration = Duration::hours(24);
/// How long dead jobs are kept.
pub const KEEP_DEAD: Duration = Duration::days(7);
/// How long a silent worker is remembered.
pub const KEEP_WORKER: Duration = Duration::hours(1);

/// A self-test begun so long ago was killed; its things are left-overs.
const OLD_SELF_TEST: Duration = Duration::hours(2);

/// Rows deleted at a time, so that no delete holds locks for long.
const SLICE: i64 = 5_000;

/// Deletes what is past its time.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct CleanUp {}

impl Job for CleanUp {
    const KIND: &'static str = "clean_up";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let now = context.clock.now();
        let mut jobs = 0;
        loop {
            let slice = leases::delete_finished(
                &context.pool,
                now - KEEP_DONE,
                now - KEEP_DEAD,
                now,
                SLICE,
            )
            .await?;
            jobs += slice;
            if slice < SLICE.unsigned_abs() {
                break;
            }
        }
        let old = now - OLD_SELF_TEST;
        self_test::remove(&context.pool, old).await?;
        self_test::remove_jobs(&context.pool, SelfTest::KIND, old).await?;
        let silent = workers::delete_silent(&context.pool, now - KEEP_WORKER).await?;
        tracing::info!(jobs, silent_workers = silent, "old jobs removed");
        Ok(Outcome::Done)
    }
}

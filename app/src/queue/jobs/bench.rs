//! Jobs that do nothing, to measure the queue with.

use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Does nothing.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noop {
    /// Whether it leaves a result.
    pub keep_result: bool,
}

impl Job for Noop {
    const KIND: &'static str = "bench_noop";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        if self.keep_result {
            context.result(&true).await;
        }
        Ok(Outcome::Done)
    }
}

/// Leaves the milliseconds since it was made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    #[serde(with = "time::serde::rfc3339")]
    made_at: OffsetDateTime,
}

impl Stamp {
    /// Made at this moment.
    #[must_use]
    pub fn now(now: OffsetDateTime) -> Self {
        Self { made_at: now }
    }
}

impl Job for Stamp {
    const KIND: &'static str = "bench_stamp";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let waited = context.clock.now() - self.made_at;
        context.result(&(waited.as_seconds_f64() * 1000.0)).await;
        Ok(Outcome::Done)
    }
}

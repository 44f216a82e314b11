//! The self-test's job: the only kind that runs while an upgrade is on trial.
//! It shows that the worker reaches what jobs work with, and leaves nothing.

use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::Doing;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// Asks PostgreSQL and Redis for a sign of life.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTest {}

impl Job for SelfTest {
    const KIND: &'static str = "self_test";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let mut connection = context
            .pool
            .acquire()
            .await
            .doing("connect to PostgreSQL")?;
        sqlx::Connection::ping(&mut *connection)
            .await
            .doing("ask PostgreSQL for a sign of life")?;
        let answered = context.services.cache.ping().await;
        answered.map_err(|error| JobError::Other(error.to_string()))?;
        Ok(Outcome::Done)
    }
}

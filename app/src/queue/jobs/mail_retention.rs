//! Mails are listed for ninety days, then forgotten.

use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::mails;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use time::Duration;

/// How long the list of mails goes back.
pub const KEEP: Duration = Duration::days(90);
/// Rows deleted at a time, so that no delete holds locks for long.
const SLICE: i64 = 5_000;

/// Deletes old mails.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct MailRetention {}

impl Job for MailRetention {
    const KIND: &'static str = "mail_retention";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let before = context.clock.now() - KEEP;
        let mut deleted = 0;
        loop {
            let slice = mails::delete_old(&context.pool, before, SLICE).await?;
            deleted += slice;
            if slice < SLICE.unsigned_abs() {
                break;
            }
        }
        if deleted > 0 {
            tracing::info!(deleted, "old mails deleted");
        }
        Ok(Outcome::Done)
    }
}

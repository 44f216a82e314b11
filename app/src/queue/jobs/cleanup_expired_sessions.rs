//! Retention of what logging in leaves behind, and of the audit log; and sealing
//! what an earlier release left in clear, once it is not gone back to. Sessions
//! and counters in Redis end by themselves.

use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::secrets::sealing;
use crate::storage::retention::{Kept, delete_before};
use crate::storage::signing_keys;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use time::Duration;

/// How long after its end, or its use, each is kept.
const KEEP: [(Kept, Duration); 5] = [
    // A while longer: a stolen token that comes back is still noticed.
    (Kept::Logins, Duration::days(7)),
    (Kept::SpentTokens, Duration::days(30)),
    (Kept::PasswordResets, Duration::days(1)),
    (Kept::IdempotencyKeys, Duration::days(1)),
    (Kept::AuditLog, Duration::days(400)),
];

/// Rows deleted at a time.
const SLICE: i64 = 5_000;

/// Deletes what is past its time.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct CleanupExpiredSessions {}

impl Job for CleanupExpiredSessions {
    const KIND: &'static str = "cleanup_expired_sessions";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let now = context.clock.now();
        let mut deleted = signing_keys::delete_ended(&context.pool, now).await?;
        for (kept, age) in KEEP {
            loop {
                let slice = delete_before(&context.pool, kept, now - age, SLICE).await?;
                deleted += slice;
                if slice < SLICE.unsigned_abs() {
                    break;
                }
            }
        }
        let sealed = sealing::seal_when_due(&context.pool, &context.services.sealer, now)
            .await
            .map_err(|error| JobError::Other(error.to_string()))?;
        if let Some(sealed) = sealed.filter(|walked| !walked.changed.is_empty()) {
            tracing::info!(?sealed.changed, "secrets in clear were sealed");
        }
        tracing::info!(deleted, "expired logins and old acts removed");
        Ok(Outcome::Done)
    }
}

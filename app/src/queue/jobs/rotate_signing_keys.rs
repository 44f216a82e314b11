//! A new key for access tokens every month. The old one verifies for two days
//! more, longer than any token it signed.

use crate::auth::keys::{self, ROTATE_AFTER};
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::signing_keys;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// Makes a key when the newest is old.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct RotateSigningKeys {}

impl Job for RotateSigningKeys {
    const KIND: &'static str = "rotate_signing_keys";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let now = context.clock.now();
        let alive = signing_keys::alive(&context.pool, now).await?;
        // Without any, the next login makes one. Those in clear sign nothing.
        if let Some(newest) = alive.iter().find(|key| key.sealed.is_some())
            && newest.created_at <= now - ROTATE_AFTER
        {
            let key = keys::make(&context.services.sealer, now)
                .map_err(|error| JobError::Other(error.to_string()))?;
            signing_keys::insert(&context.pool, &key).await?;
            tracing::info!(key = %key.id, "a new key signs access tokens");
        }
        Ok(Outcome::Done)
    }
}

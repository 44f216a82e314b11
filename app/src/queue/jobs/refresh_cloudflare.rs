//! Asks Cloudflare for its networks, which change about once in some years.

use crate::cloudflare::refresh;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// Asks, and writes the list down for the web processes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct RefreshCloudflare {}

impl Job for RefreshCloudflare {
    const KIND: &'static str = "refresh_cloudflare";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let services = &context.services;
        let chosen = &services.config.cloudflare;
        if !chosen.enabled {
            return Ok(Outcome::Done);
        }
        let (dir, now) = (services.state_dir.clone(), context.clock.now());
        let told = |error: refresh::RefreshError| JobError::Other(error.to_string());
        let refreshed = refresh::ask(&services.outbound, &chosen.url, &dir, now)
            .await
            .map_err(told)?;
        refreshed.store(&dir).map_err(told)?;
        let changes = &refreshed.changes;
        if !changes.is_none() {
            tracing::warn!(
                added = changes.added.join(" "),
                removed = changes.removed.join(" "),
                "Cloudflare's networks have changed"
            );
        }
        Ok(Outcome::Done)
    }
}

//! The clock: certificates, tokens and backups go by it.

use super::super::{Failure, Reconciler, Report};
use futures_util::future::{BoxFuture, FutureExt};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// systemd-timesyncd makes it when it has set the clock
/// (systemd-timesyncd.service(8)).
pub const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// Watches that the clock is set by a time server.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The file that systemd-timesyncd makes when it has set the clock
    /// (systemd-timesyncd.service(8)).
    pub synchronized: PathBuf,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            synchronized: PathBuf::from(SYNCHRONIZED),
        }
    }
}

impl Reconciler for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn description(&self) -> &'static str {
        "Watches that a time server sets the clock."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(600)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let set = tokio::fs::try_exists(&self.synchronized).await?;
            let details = json!({ "synchronized": set });
            Ok(if set {
                Report::ok("set by a time server", details)
            } else {
                Report::attention(
                    "no time server has set the clock since boot; see `timedatectl timesync-status`",
                    details,
                )
            })
        }
        .boxed()
    }
}

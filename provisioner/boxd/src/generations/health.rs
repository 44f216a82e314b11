//! Whether the box does its job after a change.

use crate::boot::Store;
use crate::gate::{self, Gate};
use crate::systemd::Units;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_model::paths;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Judges the box.
pub trait Health: Debug + Send + Sync {
    /// Waits until the box is healthy; after `patience`, what is not.
    fn check(&self, patience: Duration) -> BoxFuture<'_, Result<(), String>>;
}

/// The box itself, asked as at the end of a boot: every unit, and `/ready`
/// through TLS, which asks PostgreSQL, Redis and the queues.
#[derive(Clone, Debug)]
pub struct BoxHealth {
    /// The stored certificate chain.
    pub chain: PathBuf,
    /// Systemd.
    pub systemd: Arc<dyn Units>,
}

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

impl Health for BoxHealth {
    fn check(&self, patience: Duration) -> BoxFuture<'_, Result<(), String>> {
        let gate = Gate {
            address: gate::default_address(),
            chain: self.chain.clone(),
            systemd: Arc::clone(&self.systemd),
            // Looked with only: no slot, nothing is confirmed.
            boot: Store::new(Path::new(paths::BOOT_STATE_DIR)),
            slot: None,
            timeout: patience,
            interval: PAUSE,
        };
        async move {
            let start = Instant::now();
            loop {
                let unready = gate.look().await;
                if unready.is_empty() {
                    return Ok(());
                }
                if start.elapsed() >= gate.timeout {
                    let lines: Vec<String> = unready.iter().map(ToString::to_string).collect();
                    return Err(lines.join("; "));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        .boxed()
    }
}

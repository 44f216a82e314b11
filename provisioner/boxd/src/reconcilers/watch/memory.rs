//! Memory, and what the kernel ended for want of it.

use super::super::{Failure, Reconciler, Report};
use crate::status::machine;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_model::thresholds::MEMORY_AVAILABLE_PERCENT;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

/// Watches that memory suffices.
#[derive(Debug, Default)]
pub struct OutOfMemory {
    /// Kills at the last look: only new ones are news.
    seen: Mutex<Option<u64>>,
}

impl Reconciler for OutOfMemory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn description(&self) -> &'static str {
        "Watches available memory and processes that the kernel ended for want of it."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let memory = machine::memory()?;
            let details = serde_json::to_value(memory)?;
            let before = self
                .seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .replace(memory.oom_kills);
            let new = memory.oom_kills.saturating_sub(before.unwrap_or(0));
            let left = memory.available_bytes * 100 / memory.total_bytes.max(1);
            let mut said = Vec::new();
            if new > 0 {
                said.push(format!(
                    "the kernel ended {new} processes for want of memory; `journalctl -k -g 'Out of memory|oom-kill'` names them"
                ));
            }
            if left < MEMORY_AVAILABLE_PERCENT {
                said.push(format!("{left} % of memory is available"));
            }
            Ok(if said.is_empty() {
                Report::ok("enough memory", details)
            } else {
                Report::attention(said.join("; "), details)
            })
        }
        .boxed()
    }
}

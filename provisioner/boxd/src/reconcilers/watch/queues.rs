//! Jobs that wait too long.

use super::super::{Failure, Reconciler, Report};
use crate::acme;
use crate::disk::Disk;
use crate::status::queues;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::status::Queue;
use onebox_model::thresholds::QUEUE_AGE_SECONDS;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Watches that the queues keep up.
pub struct Queues {
    /// Files.
    pub disk: Arc<Disk>,
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queues")
    }
}

impl Reconciler for Queues {
    fn name(&self) -> &'static str {
        "queues"
    }

    fn description(&self) -> &'static str {
        "Watches that no due job waits long."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let config = acme::config_in_force(&self.disk);
            if config.database.url.is_some() {
                let elsewhere = "the database is elsewhere and not looked into";
                return Ok(Report::ok(elsewhere, serde_json::Value::Null));
            }
            let queues = queues::ask(&config).await?;
            let details = serde_json::to_value(&queues)?;
            let late: Vec<String> = queues.iter().filter_map(late).collect();
            Ok(if late.is_empty() {
                Report::ok("no job waits long", details)
            } else {
                Report::attention(late.join("; "), details)
            })
        }
        .boxed()
    }
}

fn late(queue: &Queue) -> Option<String> {
    let age = queue
        .oldest_due_seconds
        .filter(|age| *age >= QUEUE_AGE_SECONDS)?;
    let (name, due, minutes) = (&queue.name, queue.due, age / 60);
    Some(format!(
        "{due} jobs of {name} are due, the oldest for {minutes} min"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_falls_behind_is_named() {
        let queue = |age| Queue {
            name: "imports".to_owned(),
            due: 7,
            running: 0,
            dead: 0,
            oldest_due_seconds: age,
        };
        assert_eq!(late(&queue(None)), None);
        assert_eq!(late(&queue(Some(QUEUE_AGE_SECONDS - 1))), None);
        let said = late(&queue(Some(600))).unwrap();
        assert_eq!(said, "7 jobs of imports are due, the oldest for 10 min");
    }
}

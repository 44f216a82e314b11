//! Is every queue served, and does what is due get its turn?
//!
//! A long queue is no failure: an import may enqueue thousands of jobs. It is
//! one when nobody serves it, or when a job has long been due while nothing of
//! its queue runs.

use super::Finding;
use crate::storage::workers::{self, Service};
use onebox_model::queues;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

/// A worker not heard of for this long is not counted on.
pub(crate) const ALIVE: Duration = Duration::seconds(60);
/// A job due for this long, with nothing running, is stuck.
const STUCK: Duration = Duration::minutes(5);

pub(super) async fn check(pool: &PgPool, now: OffsetDateTime) -> Finding {
    let names: Vec<&str> = queues::ALL.iter().map(|queue| queue.as_str()).collect();
    let services = workers::service(pool, &names, now, now - ALIVE)
        .await
        .map_err(|error| error.to_string())?;
    judge(&services, now)
}

fn judge(services: &[Service], now: OffsetDateTime) -> Finding {
    let age = |service: &Service| {
        service
            .oldest_due_at
            .map_or(Duration::ZERO, |due| now - due)
    };
    let faults: Vec<String> = services
        .iter()
        .filter_map(|service| {
            if !service.has_worker {
                Some(format!("no worker serves the queue {}", service.queue))
            } else if age(service) > STUCK && !service.has_running {
                let seconds = age(service).whole_seconds();
                Some(format!(
                    "the queue {} has stood still for {seconds} s",
                    service.queue
                ))
            } else {
                None
            }
        })
        .collect();
    if !faults.is_empty() {
        return Err(faults.join("; "));
    }
    let oldest = services.iter().map(age).max().unwrap_or_default();
    Ok(format!(
        "{} queues served, oldest due job {} s",
        services.len(),
        oldest.whole_seconds()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 10:00 UTC);

    fn service(waits: Option<Duration>, has_worker: bool, has_running: bool) -> Service {
        let queue = "emails".to_owned();
        Service {
            queue,
            oldest_due_at: waits.map(|w| NOW - w),
            has_worker,
            has_running,
        }
    }

    #[test]
    fn a_queue_without_a_worker_fails_even_when_empty() {
        assert!(
            judge(&[service(None, false, false)], NOW)
                .unwrap_err()
                .contains("emails")
        );
    }

    #[test]
    fn a_backlog_that_is_worked_on_is_fine() {
        let hour = Some(Duration::HOUR);
        assert!(judge(&[service(hour, true, true)], NOW).is_ok());
        assert!(judge(&[service(hour, true, false)], NOW).is_err());
    }
}

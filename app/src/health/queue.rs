//! Is every queue served, and does what is due get its turn?
//!
//! A long queue is no failure: an import may enqueue thousands of jobs. It is
//! one when nobody serves it, or when a job has long been due while nothing of
//! its queue runs. Workers start after the web, so for a while after its start
//! an idle queue may be without one.

use super::Finding;
use crate::storage::workers::{self, Service};
use onebox_model::queues;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

/// A worker not heard of for this long is not counted on.
pub(crate) const ALIVE: Duration = Duration::seconds(60);
/// A job due for this long, with nothing running, is stuck.
const STUCK: Duration = Duration::minutes(5);

/// How long after the start of the web workers may still be on their way.
const GRACE: Duration = Duration::minutes(2);

/// Looks at all queues; `since` is when this process started. While jobs are
/// held, nothing runs, and that is as it should be.
pub(super) async fn check(
    pool: &PgPool,
    now: OffsetDateTime,
    since: OffsetDateTime,
    held: bool,
) -> Finding {
    let names: Vec<&str> = queues::ALL.iter().map(|queue| queue.as_str()).collect();
    let services = workers::service(pool, &names, now, now - ALIVE)
        .await
        .map_err(|error| error.to_string())?;
    judge(&services, now, since, held)
}

fn judge(services: &[Service], now: OffsetDateTime, since: OffsetDateTime, held: bool) -> Finding {
    let starting = now - since < GRACE;
    let age = |service: &Service| {
        service
            .oldest_due_at
            .map_or(Duration::ZERO, |due| now - due)
    };
    let faults: Vec<String> = services
        .iter()
        .filter_map(|service| {
            let overdue = age(service) > ALIVE;
            if !service.has_worker && (overdue || !starting) {
                Some(format!("no worker serves the queue {}", service.queue))
            } else if age(service) > STUCK && !service.has_running && !held {
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
    let served = services.iter().filter(|service| service.has_worker).count();
    Ok(format!(
        "{served} of {} queues served, oldest due job {} s",
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

    const LONG_AGO: OffsetDateTime = time::macros::datetime!(2025-12-31 10:00 UTC);

    #[test]
    fn a_queue_without_a_worker_fails_even_when_empty() {
        assert!(
            judge(&[service(None, false, false)], NOW, LONG_AGO, false)
                .unwrap_err()
                .contains("emails")
        );
    }

    #[test]
    fn workers_may_start_after_the_web_but_due_jobs_must_not_wait_for_long() {
        let just_now = NOW - Duration::seconds(10);
        let told = judge(&[service(None, false, false)], NOW, just_now, false).unwrap();
        assert!(told.starts_with("0 of 1 queues served"), "{told}");
        let waits = Some(Duration::seconds(61));
        assert!(judge(&[service(waits, false, false)], NOW, just_now, false).is_err());
    }

    #[test]
    fn a_backlog_that_is_worked_on_is_fine() {
        let hour = Some(Duration::HOUR);
        assert!(judge(&[service(hour, true, true)], NOW, LONG_AGO, false).is_ok());
        assert!(judge(&[service(hour, true, false)], NOW, LONG_AGO, false).is_err());
        assert!(judge(&[service(hour, true, false)], NOW, LONG_AGO, true).is_ok());
    }
}

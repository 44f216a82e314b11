//! Tables for people.

use crate::controllers::jobs::JobView;
use crate::storage::cron::CronRow;
use crate::storage::queues::QueueRow;
use crate::storage::workers::WorkerRow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(super) fn jobs(views: &[JobView]) {
    println!(
        "{:<36} {:<8} {:<20} {:<8} {:>7} {:<20} last error",
        "id", "queue", "kind", "state", "attempt", "created"
    );
    for view in views {
        println!("{view}");
    }
}

pub(super) fn queues(rows: &[QueueRow], now: OffsetDateTime) {
    println!(
        "{:<10} {:>8} {:>8} {:>10} {:>8} {:>8} {:>8}  state",
        "queue", "due", "oldest", "scheduled", "running", "dead", "workers"
    );
    for row in rows {
        let state = match (&row.paused_at, &row.paused_by) {
            (None, _) => "served".to_owned(),
            (Some(at), by) => {
                let by = by.as_deref().unwrap_or_default();
                format!("paused by {by} at {}", moment(*at))
            }
        };
        println!(
            "{:<10} {:>8} {:>8} {:>10} {:>8} {:>8} {:>8}  {state}",
            row.queue,
            row.due,
            row.oldest_due_at
                .map_or_else(|| "-".to_owned(), |due| ago(due, now)),
            row.scheduled,
            row.running,
            row.dead,
            row.workers
        );
    }
}

pub(super) fn workers(rows: &[WorkerRow], now: OffsetDateTime) {
    println!(
        "{:<20} {:>7} {:<10} {:>9} {:>10}  runs",
        "host", "process", "queues", "at a time", "last heard"
    );
    for row in rows {
        let runs: Vec<String> = row
            .jobs
            .iter()
            .map(|job| format!("{} {}", job.kind, job.id))
            .collect();
        println!(
            "{:<20} {:>7} {:<10} {:>9} {:>10}  {}",
            row.host,
            row.pid,
            row.queues.join(","),
            row.concurrency,
            ago(row.heartbeat_at, now),
            runs.join(", ")
        );
    }
}

pub(super) fn cron(rows: &[CronRow]) {
    println!(
        "{:<20} {:<14} {:<20} {:<8} {:<20} last",
        "name", "schedule", "kind", "queue", "next"
    );
    for row in rows {
        let next = if row.enabled {
            moment(row.next_run_at)
        } else {
            "off".to_owned()
        };
        let last = row.last_run_at.map_or_else(|| "-".to_owned(), moment);
        println!(
            "{:<20} {:<14} {:<20} {:<8} {next:<20} {last}",
            row.name, row.schedule, row.kind, row.queue
        );
    }
}

fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    format!("{}s", (now - at).whole_seconds().max(0))
}

fn moment(at: OffsetDateTime) -> String {
    at.truncate_to_second().format(&Rfc3339).unwrap_or_default()
}

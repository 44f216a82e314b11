//! One run of one job: the handler, its panic caught, its end handed on.

use super::Shared;
use super::record::Ended;
use crate::error_reports::{End, Work};
use crate::logging::panic_text;
use crate::queue::feedback::Feedback;
use crate::queue::job::Context;
use crate::queue::outcome::Outcome;
use crate::services::Services;
use crate::storage::jobs::JobRow;
use crate::storage::leases::Lease;
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// A job that was fetched.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) lease: Lease,
    pub(super) row: JobRow,
}

/// Runs it, and says how long that took.
pub(super) async fn run(shared: Arc<Shared>, taken: Taken) -> Duration {
    let Taken { lease, row } = taken;
    let span = tracing::info_span!("job", id = %row.id, kind = row.kind, queue = row.queue, attempt = row.attempt);
    let (queue, kind) = (row.queue.clone(), row.kind.clone());
    async {
        let feedback = Feedback::new(shared.services.clone(), &row);
        let context = Context {
            id: row.id,
            attempt: row.attempt,
            vendor: row.vendor_id,
            pool: shared.pool.clone(),
            clock: Arc::clone(&shared.clock),
            services: shared.services.clone(),
            feedback: feedback.clone(),
        };
        let started = Instant::now();
        let handler = shared.registry.run(&row.kind, row.args, context);
        // The job's own state dies with its future; what it shares with the
        // process (the pool) is built to survive a panic.
        let outcome = AssertUnwindSafe(handler)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| {
                let error = format!("panic: {}", panic_text(&*panic));
                Outcome::Retry { error, after: None }
            });
        let took = started.elapsed();
        tell(&shared.services, &queue, &kind, &outcome, took);
        let state = outcome.state(lease.attempt, row.max_attempts);
        let ended = Ended {
            news: feedback.finished(state, outcome.error()),
            lease,
            max_attempts: row.max_attempts,
            outcome,
            took,
        };
        ended.send(&shared);
        took
    }
    .instrument(span)
    .await
}

/// Counts the run, and reports its times if they are wanted.
fn tell(services: &Services, queue: &str, kind: &str, outcome: &Outcome, took: Duration) {
    let (word, end) = match outcome {
        Outcome::Done => ("done", End::Well),
        Outcome::Snooze { .. } => ("snoozed", End::Well),
        Outcome::Retry { .. } => ("retry", End::Failed),
        Outcome::Fail { .. } => ("failed", End::Failed),
    };
    services.metrics.job_ran(queue, kind, word, took);
    if services.reporter.wants_times() {
        let tags = BTreeMap::from([
            ("queue".to_owned(), queue.to_owned()),
            ("outcome".to_owned(), word.to_owned()),
        ]);
        services
            .reporter
            .transaction(Work::Job, kind, end, took, tags);
    }
}

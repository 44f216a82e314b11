//! One run of one job: the handler, its panic caught, its outcome recorded.

use super::{Shared, record};
use crate::events;
use crate::logging::panic_text;
use crate::queue::feedback::Feedback;
use crate::queue::job::Context;
use crate::queue::outcome::Outcome;
use crate::storage::jobs::JobRow;
use crate::storage::leases::Lease;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::Instrument;

pub(super) async fn run(shared: Arc<Shared>, lease: Lease, row: JobRow) {
    let span = tracing::info_span!("job", id = %row.id, kind = row.kind, attempt = row.attempt);
    async {
        let context = Context {
            id: row.id,
            attempt: row.attempt,
            vendor: row.vendor_id,
            pool: shared.pool.clone(),
            clock: Arc::clone(&shared.clock),
            services: shared.services.clone(),
            feedback: Feedback::new(shared.services.clone(), &row),
        };
        let feedback = context.feedback.clone();
        let started = std::time::Instant::now();
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
        let news = feedback.finished(
            outcome.state(lease.attempt, row.max_attempts),
            outcome.error(),
        );
        record::record(&shared, lease, row.max_attempts, outcome, started.elapsed()).await;
        shared.held.remove(&lease);
        if let Some(news) = news
            && let Err(error) = events::publish(&shared.services, &news).await
        {
            tracing::debug!("{error}");
        }
    }
    .instrument(span)
    .await;
}

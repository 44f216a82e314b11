//! One run of one job: the handler, its panic caught, its outcome recorded.

use super::{Shared, record};
use crate::logging::panic_text;
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
            pool: shared.pool.clone(),
            clock: Arc::clone(&shared.clock),
            services: shared.services.clone(),
        };
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
        record::record(&shared, lease, row.max_attempts, outcome, started.elapsed()).await;
        shared.held.remove(&lease);
    }
    .instrument(span)
    .await;
}

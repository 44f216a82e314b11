//! Writing down what came of a run. While PostgreSQL is away it keeps trying
//! for as long as the lease may live; after that the job runs again, which is
//! what "at least once" allows.

use super::Shared;
use crate::queue::backoff;
use crate::queue::outcome::Outcome;
use crate::random;
use crate::storage::StorageError;
use crate::storage::leases::{self, Held, Lease};
use std::time::{Duration, Instant};

pub(super) async fn record(
    shared: &Shared,
    lease: Lease,
    max_attempts: i32,
    outcome: Outcome,
    took: Duration,
) {
    let started = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match write(shared, lease, max_attempts, &outcome).await {
            Ok(Held::Yes) => return log(lease, max_attempts, &outcome, took),
            Ok(Held::Lost) => {
                tracing::warn!("the lease was lost during the run; its outcome is not recorded");
                return;
            }
            Err(error) if started.elapsed() > shared.options.lease => {
                tracing::error!("{error}; given up, the job will run again");
                return;
            }
            Err(error) => tracing::warn!("{error}; trying again"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn write(
    shared: &Shared,
    lease: Lease,
    max_attempts: i32,
    outcome: &Outcome,
) -> Result<Held, StorageError> {
    let now = shared.clock.now();
    match outcome {
        Outcome::Done => leases::complete(&shared.pool, lease, now).await,
        Outcome::Fail { error } => leases::bury(&shared.pool, lease, now, error).await,
        Outcome::Retry { error, .. } if lease.attempt >= max_attempts => {
            leases::bury(&shared.pool, lease, now, error).await
        }
        Outcome::Retry { error, after } => {
            let wait = after.unwrap_or_else(|| backoff::delay(lease.attempt, random::fraction()));
            leases::retry(&shared.pool, lease, now + wait, error).await
        }
        Outcome::Snooze { after } => leases::snooze(&shared.pool, lease, now + *after).await,
    }
}

fn log(lease: Lease, max_attempts: i32, outcome: &Outcome, took: Duration) {
    match outcome {
        Outcome::Done => tracing::info!(?took, "done"),
        Outcome::Snooze { after } => tracing::info!(?took, "snoozed for {after}"),
        Outcome::Fail { error } => tracing::error!(?took, "failed for good: {error}"),
        Outcome::Retry { error, .. } if lease.attempt >= max_attempts => {
            tracing::error!(?took, "dead after {max_attempts} attempts: {error}");
        }
        Outcome::Retry { error, .. } => tracing::warn!(?took, "will be tried again: {error}"),
    }
}

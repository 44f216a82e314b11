//! Keeps the worker's leases and its row in the registry alive, takes back
//! what dead workers left, and stops runs whose lease was lost or whose job
//! was cancelled. It beats in time, and at once when an operator has changed
//! something.

use super::{Shared, record};
use crate::events::Event;
use crate::queue::outcome::Outcome;
use crate::storage::jobs::{CANCELLED, JobState};
use crate::storage::leases::{Kept, Lease};
use crate::storage::workers::Heartbeat;
use crate::storage::{StorageError, leases, workers};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// A job that has waited for this long gains on better ones with each beat.
const LONG: time::Duration = time::Duration::minutes(1);

pub(super) async fn run(shared: Arc<Shared>) {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let mut ticks = tokio::time::interval(shared.options.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shared.control.notified() => {}
            () = shared.drained.notified() => return,
        }
        if let Err(error) = beat(&shared, &host).await {
            tracing::warn!(
                "{error}; the next heartbeat is in {:?}",
                shared.options.heartbeat
            );
        }
    }
}

async fn beat(shared: &Shared, host: &str) -> Result<(), StorageError> {
    let now = shared.clock.now();
    let believed = keep(shared, now + shared.options.lease).await?;
    let names = shared.options.names();
    let beat = Heartbeat {
        id: shared.id,
        queues: &names,
        host,
        pid: i32::try_from(std::process::id()).unwrap_or_default(),
        concurrency: i32::try_from(shared.options.concurrency).unwrap_or(i32::MAX),
        running: i32::try_from(believed).unwrap_or(i32::MAX),
        now,
    };
    workers::heartbeat(&shared.pool, &beat).await?;
    if shared.services.hold.is_on() {
        // What others left is not touched while an upgrade is on trial.
        return Ok(());
    }
    for expired in leases::expire(&shared.pool, now).await? {
        tracing::warn!(job = %expired.id, kind = expired.kind, queue = expired.queue,
            attempt = expired.attempt, state = expired.state, "the job's worker has died");
    }
    for queue in &names {
        leases::age(&shared.pool, queue, now - LONG, now).await?;
    }
    Ok(())
}

/// Renews the leases and stops what is not to go on; says how many were held.
async fn keep(shared: &Shared, until: time::OffsetDateTime) -> Result<usize, StorageError> {
    // Ends are recorded under the same lock, so nothing ends in between. The
    // list is taken before asking: a job fetched in between is in the answer
    // but not in the list, never the other way round.
    let _ledger = shared.ledger.lock().await;
    let believed = shared.held.leases();
    let kept = leases::extend(&shared.pool, shared.id, until).await?;
    for lease in &believed {
        match kept.iter().find(|kept| is(kept, lease)) {
            Some(kept) if kept.cancelled => cancel(shared, *lease, kept),
            Some(_) => {}
            None => {
                if shared.held.abort(lease) {
                    tracing::warn!(job = %lease.job, "this job was given to another worker; run stopped");
                }
            }
        }
    }
    Ok(believed.len())
}

fn is(kept: &Kept, lease: &Lease) -> bool {
    kept.id == lease.job && kept.attempt == lease.attempt
}

fn cancel(shared: &Shared, lease: Lease, kept: &Kept) {
    if shared.held.abort(&lease) {
        let ended = record::Ended {
            lease,
            max_attempts: lease.attempt,
            outcome: Outcome::Fail {
                error: CANCELLED.to_owned(),
            },
            took: Duration::ZERO,
            // Whether or not it has a vendor: whoever cancelled it watches.
            news: Some(Event::JobFinished {
                job: lease.job,
                kind: kept.kind.clone(),
                vendor: kept.vendor_id,
                state: JobState::Dead,
                error: Some(CANCELLED.to_owned()),
            }),
        };
        ended.send(shared);
    }
}

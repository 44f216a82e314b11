//! Keeps the worker's leases and its row in the registry alive, takes back
//! what dead workers left, and stops runs whose lease was lost.

use super::Shared;
use crate::storage::workers::Heartbeat;
use crate::storage::{StorageError, leases, workers};
use std::sync::Arc;
use tokio::time::MissedTickBehavior;

pub(super) async fn run(shared: Arc<Shared>) {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let mut ticks = tokio::time::interval(shared.options.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = beat(&shared, &host).await {
            tracing::warn!(
                "{error}; the next heartbeat is in {:?}",
                shared.options.heartbeat
            );
        }
    }
}

async fn beat(shared: &Shared, host: &str) -> Result<(), StorageError> {
    // The list is taken before asking: a job fetched in between is in the
    // answer but not in the list, never the other way round.
    let believed = shared.held.leases();
    let now = shared.clock.now();
    let held = leases::extend(&shared.pool, shared.id, now + shared.options.lease).await?;
    for lease in believed
        .iter()
        .filter(|lease| !held.contains(&(lease.job, lease.attempt)))
    {
        // A run that finished in between has removed itself.
        if shared.held.abort(lease) {
            tracing::warn!(job = %lease.job, "this job was given to another worker; run stopped");
        }
    }
    let names = shared.options.names();
    let beat = Heartbeat {
        id: shared.id,
        queues: &names,
        host,
        pid: i32::try_from(std::process::id()).unwrap_or_default(),
        concurrency: i32::try_from(shared.options.concurrency).unwrap_or(i32::MAX),
        running: i32::try_from(believed.len()).unwrap_or(i32::MAX),
        now,
    };
    workers::heartbeat(&shared.pool, &beat).await?;
    for expired in leases::expire(&shared.pool, now).await? {
        tracing::warn!(job = %expired.id, kind = expired.kind, queue = expired.queue,
            attempt = expired.attempt, state = expired.state, "the job's worker has died");
    }
    Ok(())
}

//! A worker process: fetches due jobs, runs them side by side, records what
//! came of them, and renews its leases meanwhile.
//!
//! Invariants: it never holds more jobs than it runs; it never writes under a
//! lease it has lost; what it cannot finish when it stops goes back to the
//! queue. PostgreSQL going away stops fetching, not the worker.

mod heartbeat;
mod held;
mod options;
mod record;
mod run;
mod wakeup;

pub use options::WorkerOptions;

use crate::clock::SharedClock;
use crate::lifecycle::Shutdown;
use crate::queue::registry::Registry;
use crate::services::Services;
use crate::storage::leases::{self, Lease};
use crate::storage::{StorageError, workers};
use held::Held;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

/// A worker and what it runs at the moment.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    running: JoinSet<()>,
}

/// What the worker's tasks share.
#[derive(Debug)]
struct Shared {
    /// New for every start: a restarted worker must not inherit the leases
    /// of the one it replaces.
    id: Uuid,
    pool: PgPool,
    registry: Arc<Registry>,
    clock: SharedClock,
    services: Services,
    options: WorkerOptions,
    held: Held,
    wake: Notify,
}

impl Worker {
    /// A worker that has not started.
    #[must_use]
    pub fn new(services: Services, registry: Arc<Registry>, options: WorkerOptions) -> Self {
        let shared = Shared {
            id: Uuid::now_v7(),
            pool: services.pool.clone(),
            registry,
            clock: Arc::clone(&services.clock),
            services,
            options,
            held: Held::default(),
            wake: Notify::new(),
        };
        Self {
            shared: Arc::new(shared),
            running: JoinSet::new(),
        }
    }

    /// Its id in the registry and on the leases it holds.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.shared.id
    }

    /// Works until asked to stop, then drains.
    pub async fn run(mut self, shutdown: Shutdown) {
        let beating = tokio::spawn(heartbeat::run(Arc::clone(&self.shared)));
        let listening = tokio::spawn(wakeup::run(Arc::clone(&self.shared)));
        tracing::info!(worker = %self.shared.id, queues = ?self.shared.options.queues, "worker started");
        while !shutdown.is_requested() {
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.turn() => {}
            }
        }
        listening.abort();
        self.drain().await;
        beating.abort();
        if let Err(error) = workers::delete(&self.shared.pool, self.shared.id).await {
            tracing::warn!("{error}");
        }
        tracing::info!(worker = %self.shared.id, "worker stopped");
    }

    /// Runs what is due until nothing is left, without waiting for more, and
    /// says how many runs there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_due(&mut self) -> Result<usize, StorageError> {
        let mut runs = 0;
        loop {
            let fetched = self.fetch(self.free()).await?;
            if fetched == 0 && self.running.is_empty() {
                return Ok(runs);
            }
            runs += fetched;
            while self.running.join_next().await.is_some() {}
        }
    }

    fn free(&self) -> usize {
        self.shared
            .options
            .concurrency
            .saturating_sub(self.running.len())
    }

    /// Fetches once, then waits for a reason to fetch again. Cancelling it
    /// while it waits loses nothing; while it fetches, at worst a job that is
    /// released by the drain.
    async fn turn(&mut self) {
        let free = self.free();
        let wait = match self.fetch(free).await {
            Ok(fetched) if free > 0 && fetched >= free => None,
            Ok(_) => self.pause().await,
            Err(error) => {
                tracing::warn!("{error}; trying again in a second");
                Some(Duration::from_secs(1))
            }
        };
        let full = self.free() == 0;
        tokio::select! {
            Some(_) = self.running.join_next() => {}
            () = self.shared.wake.notified(), if !full => {}
            () = sleep(wait), if !full => {}
        }
        while self.running.try_join_next().is_some() {}
    }

    /// How long until the next job is due, at most one poll.
    async fn pause(&self) -> Option<Duration> {
        let poll = self.shared.options.poll;
        let next = leases::next_due(&self.shared.pool, &self.shared.options.names()).await;
        let until = next.ok().flatten().map(|at| at - self.shared.clock.now());
        // Something due that was not fetched is held by another transaction
        // for a moment: come back soon, but do not spin.
        Some(until.map_or(poll, |until| {
            Duration::try_from(until)
                .unwrap_or_default()
                .clamp(Duration::from_millis(20), poll)
        }))
    }

    async fn fetch(&mut self, free: usize) -> Result<usize, StorageError> {
        let mut fetched = 0;
        for queue in self.shared.options.queues.clone() {
            let wanted = free - fetched;
            if wanted == 0 {
                break;
            }
            let now = self.shared.clock.now();
            let until = now + self.shared.options.lease;
            let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
            let rows = leases::fetch(
                &self.shared.pool,
                queue.as_str(),
                self.shared.id,
                now,
                until,
                wanted,
            )
            .await?;
            for row in rows {
                let lease = Lease {
                    job: row.id,
                    worker: self.shared.id,
                    attempt: row.attempt,
                };
                let abort = self
                    .running
                    .spawn(run::run(Arc::clone(&self.shared), lease, row));
                self.shared.held.insert(lease, abort);
                fetched += 1;
            }
        }
        Ok(fetched)
    }

    /// Lets running jobs finish within the drain limit, then gives the rest
    /// back.
    async fn drain(&mut self) {
        let limit = self.shared.options.drain;
        if !self.running.is_empty() {
            tracing::info!(
                jobs = self.running.len(),
                "finishing what runs, up to {limit:?}"
            );
        }
        let finished = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, finished).await.is_err() {
            self.running.shutdown().await;
        }
        match leases::release(&self.shared.pool, self.shared.id, self.shared.clock.now()).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "unfinished jobs went back to the queue"),
            Err(error) => tracing::warn!("{error}; their leases will run out instead"),
        }
    }
}

async fn sleep(wait: Option<Duration>) {
    if let Some(wait) = wait {
        tokio::time::sleep(wait).await;
    }
}

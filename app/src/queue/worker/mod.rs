//! A worker process: fetches due jobs, runs them side by side, records what
//! came of them, and renews its leases meanwhile.
//!
//! Three things go on at once: this loop fetches and starts jobs, the
//! [`recorder`](record) writes down how they ended, many in one statement, and
//! the [`heartbeat`] keeps what is held. Short jobs are fetched ahead
//! ([`pace`]), so that the way to the database is paid once for many.
//!
//! Invariants: it never writes under a lease it has lost; what was fetched
//! ahead waits no longer than short jobs take; what it cannot finish when it
//! stops goes back to the queue. PostgreSQL going away stops fetching, not the
//! worker. A run whose end could not be recorded runs again.

mod fetch;
mod heartbeat;
mod held;
mod idle;
mod options;
mod pace;
mod record;
mod run;
mod wakeup;

pub use options::WorkerOptions;

use crate::clock::SharedClock;
use crate::lifecycle::Shutdown;
use crate::queue::registry::Registry;
use crate::services::Services;
use crate::storage::leases;
use crate::storage::{StorageError, workers};
use fetch::{Catch, Fetching};
use held::Held;
use idle::Idle;
use pace::Pace;
use sqlx::PgPool;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;

/// A worker and what it runs at the moment.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    running: JoinSet<Duration>,
    /// Fetched ahead, best first.
    ahead: VecDeque<run::Taken>,
    pace: Pace,
    ended: Option<mpsc::UnboundedReceiver<record::Message>>,
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
    /// Taken by whoever writes many of this worker's rows at once: two such
    /// statements could lock them in different orders.
    ledger: Mutex<()>,
    ended: mpsc::UnboundedSender<record::Message>,
    /// There may be something to fetch.
    wake: Notify,
    /// Some ends were recorded.
    recorded: Notify,
    /// An operator has changed something about a job or a queue.
    control: Notify,
    /// Nothing is held any more: no further heartbeat.
    drained: Notify,
}

impl Worker {
    /// A worker that has not started.
    #[must_use]
    pub fn new(services: Services, registry: Arc<Registry>, options: WorkerOptions) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let pace = Pace::new(options.concurrency);
        let shared = Shared {
            id: Uuid::now_v7(),
            pool: services.pool.clone(),
            registry,
            clock: Arc::clone(&services.clock),
            services,
            options,
            held: Held::default(),
            ledger: Mutex::new(()),
            ended: sender,
            wake: Notify::new(),
            recorded: Notify::new(),
            control: Notify::new(),
            drained: Notify::new(),
        };
        Self {
            shared: Arc::new(shared),
            running: JoinSet::new(),
            ahead: VecDeque::new(),
            pace,
            ended: Some(receiver),
        }
    }

    /// Its id in the registry and on the leases it holds.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.shared.id
    }

    /// Works until asked to stop, then drains.
    pub async fn run(mut self, shutdown: Shutdown) {
        let mut beating = tokio::spawn(heartbeat::run(Arc::clone(&self.shared)));
        let listening = tokio::spawn(wakeup::run(Arc::clone(&self.shared)));
        let waiting = tokio::spawn(wakeup::after_holds(Arc::clone(&self.shared)));
        let recording = self
            .ended
            .take()
            .map(|ended| tokio::spawn(record::run(Arc::clone(&self.shared), ended)));
        tracing::info!(worker = %self.shared.id, queues = ?self.shared.options.queues, "worker started");
        self.work(&shutdown).await;
        listening.abort();
        waiting.abort();
        self.drain().await;
        // One that is under way is seen through: what it has sent would otherwise
        // put the worker back into the registry after it has left.
        self.shared.drained.notify_one();
        if tokio::time::timeout(self.shared.options.lease, &mut beating)
            .await
            .is_err()
        {
            beating.abort();
        }
        if let Some(recording) = recording {
            recording.abort();
        }
        if let Err(error) = workers::delete(&self.shared.pool, self.shared.id).await {
            tracing::warn!("{error}");
        }
        tracing::info!(worker = %self.shared.id, "worker stopped");
    }

    /// Runs what is due until nothing is left, without waiting for more and
    /// without fetching ahead, and says how many runs there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_due(&mut self) -> Result<usize, StorageError> {
        let mut runs = 0;
        loop {
            let rows = fetch::fetch(&self.shared, self.shared.options.concurrency).await?;
            if rows.is_empty() {
                return Ok(runs);
            }
            runs += rows.len();
            self.keep(rows);
            self.start();
            while self.running.join_next().await.is_some() {}
            if let Some(ended) = &mut self.ended {
                record::catch_up(&self.shared, ended).await;
            }
        }
    }

    async fn work(&mut self, shutdown: &Shutdown) {
        let mut fetching = Fetching::idle();
        let mut idle = Idle::default();
        // When to look again without being woken; at once, to begin with.
        let mut look = Some(Instant::now());
        while !shutdown.is_requested() {
            self.start();
            let wanted = self.wanted();
            let due = look.is_some_and(|at| at <= Instant::now());
            if due && wanted > 0 && fetching.is_idle() {
                look = None;
                fetching = Fetching::start(&self.shared, wanted, std::mem::take(&mut idle));
            }
            let resting = wanted > 0 && fetching.is_idle();
            tokio::select! {
                () = shutdown.requested() => {}
                caught = fetching.done(), if !fetching.is_idle() => {
                    fetching = Fetching::idle();
                    look = Some(Instant::now() + caught.rest);
                    self.pace.fetched(caught.full());
                    idle = caught.idle;
                    self.keep(caught.rows);
                }
                Some(ended) = self.running.join_next() => self.pace.ran(ended.ok()),
                () = self.shared.wake.notified(), if resting => look = Some(Instant::now()),
                () = self.shared.recorded.notified() => {}
                () = sleep_until(look), if resting => {}
            }
            while let Some(ended) = self.running.try_join_next() {
                self.pace.ran(ended.ok());
            }
        }
        // What a fetch has under way is this worker's; see it through, so that
        // it can be given back.
        if !fetching.is_idle() {
            let Catch { rows, .. } = fetching.done().await;
            self.keep(rows);
        }
    }

    /// How many jobs to fetch: what can start, and some ahead. Ends that wait
    /// to be recorded count, so that PostgreSQL's being slow stops fetching.
    fn wanted(&self) -> usize {
        let most = self.shared.options.concurrency + self.pace.ahead();
        // A fetch for one or two while many are there would not pay.
        if self.ahead.len() > self.pace.ahead() / 2 || self.shared.held.len() > 2 * most {
            return 0;
        }
        most.saturating_sub(self.running.len() + self.ahead.len())
    }

    fn keep(&mut self, rows: Vec<run::Taken>) {
        self.ahead.extend(rows);
    }

    /// Starts what was fetched as far as there is room.
    fn start(&mut self) {
        while self.running.len() < self.shared.options.concurrency {
            let Some(taken) = self.ahead.pop_front() else {
                return;
            };
            let lease = taken.lease;
            // It may have been cancelled or lost while it waited.
            if self.shared.held.has(&lease) {
                let run = run::run(Arc::clone(&self.shared), taken);
                let abort = self.running.spawn(run);
                self.shared.held.started(&lease, abort);
            }
        }
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
        self.flush().await;
        let _ledger = self.shared.ledger.lock().await;
        match leases::release(&self.shared.pool, self.shared.id, self.shared.clock.now()).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "unfinished jobs went back to the queue"),
            Err(error) => tracing::warn!("{error}; their leases will run out instead"),
        }
    }

    /// Waits until the recorder has written down everything up to now, for as
    /// long as leases live.
    async fn flush(&self) {
        let (sender, receiver) = oneshot::channel();
        if self
            .shared
            .ended
            .send(record::Message::Flush(sender))
            .is_ok()
        {
            let _late = tokio::time::timeout(self.shared.options.lease, receiver).await;
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

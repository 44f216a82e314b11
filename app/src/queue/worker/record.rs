//! Writing down what came of runs, as many as have ended since the last time
//! in one statement. While PostgreSQL is away it keeps trying for as long as
//! the leases may live; after that the jobs run again, which is what "at least
//! once" allows.

use super::Shared;
use crate::events::{self, Event};
use crate::queue::backoff;
use crate::queue::outcome::Outcome;
use crate::random;
use crate::storage::StorageError;
use crate::storage::jobs::JobState;
use crate::storage::leases::{self, Lease, Settled};
use futures_util::future::join_all;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The most ends in one statement.
const BATCH: usize = 512;
/// A job due again within this time wakes its worker.
const SOON: time::Duration = time::Duration::seconds(10);

/// What the recorder is told.
#[derive(Debug)]
pub(super) enum Message {
    /// A run has ended.
    Ended(Box<Ended>),
    /// Someone waits until everything before is written down.
    Flush(oneshot::Sender<()>),
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) lease: Lease,
    pub(super) max_attempts: i32,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
    pub(super) news: Option<Event>,
}

impl Ended {
    /// Hands it to the recorder.
    pub(super) fn send(self, shared: &Shared) {
        if shared.ended.send(Message::Ended(Box::new(self))).is_err() {
            tracing::error!("the recorder is gone; the job will run again");
        }
    }
}

/// Writes until the worker is gone.
pub(super) async fn run(shared: Arc<Shared>, mut messages: mpsc::UnboundedReceiver<Message>) {
    let mut some = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut some, BATCH).await > 0 {
        settle(&shared, some.drain(..)).await;
    }
}

/// Writes down what has ended up to now.
pub(super) async fn catch_up(shared: &Shared, messages: &mut mpsc::UnboundedReceiver<Message>) {
    let mut some = Vec::new();
    while let Ok(message) = messages.try_recv() {
        some.push(message);
    }
    settle(shared, some.into_iter()).await;
}

async fn settle(shared: &Shared, messages: impl Iterator<Item = Message>) {
    let (mut ends, mut waiting) = (Vec::new(), Vec::new());
    for message in messages {
        match message {
            Message::Ended(ended) => ends.push(*ended),
            Message::Flush(sender) => waiting.push(sender),
        }
    }
    if !ends.is_empty() {
        write(shared, ends).await;
    }
    for sender in waiting {
        // Whoever waited may have given up.
        let _gone = sender.send(());
    }
}

async fn write(shared: &Shared, ends: Vec<Ended>) {
    let started = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match attempt(shared, &ends).await {
            Ok(recorded) => return tell(shared, ends, &recorded).await,
            Err(error) if started.elapsed() > shared.options.lease => {
                tracing::error!(
                    jobs = ends.len(),
                    "{error}; given up, the jobs will run again"
                );
                for ended in &ends {
                    shared.held.remove(&ended.lease);
                }
                return;
            }
            Err(error) => tracing::warn!("{error}; trying again"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn attempt(shared: &Shared, ends: &[Ended]) -> Result<HashSet<Uuid>, StorageError> {
    let now = shared.clock.now();
    let settled: Vec<Settled<'_>> = ends.iter().map(|ended| ended.settled(now)).collect();
    let _ledger = shared.ledger.lock().await;
    let recorded = leases::settle(&shared.pool, shared.id, now, &settled).await?;
    for ended in ends {
        shared.held.remove(&ended.lease);
    }
    shared.recorded.notify_one();
    if settled
        .iter()
        .any(|one| one.run_at.is_some_and(|at| at < now + SOON))
    {
        shared.wake.notify_one();
    }
    Ok(recorded.into_iter().collect())
}

impl Ended {
    fn settled(&self, now: OffsetDateTime) -> Settled<'_> {
        let state = self.outcome.state(self.lease.attempt, self.max_attempts);
        let run_at = match &self.outcome {
            _ if state != JobState::Queued => None,
            Outcome::Snooze { after } => Some(now + *after),
            Outcome::Retry { after, .. } => Some(
                now + after
                    .unwrap_or_else(|| backoff::delay(self.lease.attempt, random::fraction())),
            ),
            Outcome::Done | Outcome::Fail { .. } => None,
        };
        Settled {
            job: self.lease.job,
            attempt: self.lease.attempt,
            counted: !matches!(self.outcome, Outcome::Snooze { .. }),
            state,
            run_at,
            error: self.outcome.error(),
        }
    }

    fn log(&self) {
        let (lease, took, max) = (self.lease, self.took, self.max_attempts);
        let job = lease.job;
        match &self.outcome {
            Outcome::Done => tracing::debug!(%job, ?took, "done"),
            Outcome::Snooze { after } => tracing::info!(%job, ?took, "snoozed for {after}"),
            Outcome::Fail { error } => tracing::error!(%job, ?took, "failed for good: {error}"),
            Outcome::Retry { error, .. } if lease.attempt >= max => {
                tracing::error!(%job, ?took, "dead after {max} attempts: {error}");
            }
            Outcome::Retry { error, .. } => {
                tracing::warn!(%job, ?took, "will be tried again: {error}");
            }
        }
    }
}

async fn tell(shared: &Shared, ends: Vec<Ended>, recorded: &HashSet<Uuid>) {
    let mut news = Vec::new();
    for ended in ends {
        if !recorded.contains(&ended.lease.job) {
            tracing::warn!(job = %ended.lease.job,
                "the lease was lost during the run; its outcome is not recorded");
            continue;
        }
        ended.log();
        news.extend(ended.news);
    }
    // Side by side, which is one way to Redis and back for all of them.
    join_all(news.iter().map(async |news| {
        if let Err(error) = events::publish(&shared.services, news).await {
            tracing::debug!("{error}");
        }
    }))
    .await;
}

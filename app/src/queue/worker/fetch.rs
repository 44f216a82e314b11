//! Taking due jobs, and knowing when to look again.

use super::Shared;
use super::idle::{self, Idle, Rest};
use super::run::Taken;
use crate::queue::job::Job;
use crate::queue::jobs::self_test::SelfTest;
use crate::storage::StorageError;
use crate::storage::leases::{self, Lease};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a fetch brought.
pub(super) struct Catch {
    pub(super) rows: Vec<Taken>,
    wanted: usize,
    /// How long nothing more is expected without being woken.
    pub(super) rest: Duration,
    /// What the next fetch must know.
    pub(super) idle: Idle,
}

impl Catch {
    /// Whether there may be more where that came from.
    pub(super) fn full(&self) -> bool {
        self.rows.len() >= self.wanted
    }
}

/// A fetch that may be under way.
pub(super) struct Fetching(Option<BoxFuture<'static, Catch>>);

impl Fetching {
    pub(super) fn idle() -> Self {
        Self(None)
    }

    pub(super) fn start(shared: &Arc<Shared>, wanted: usize, idle: Idle) -> Self {
        Self(Some(look(Arc::clone(shared), wanted, idle).boxed()))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    /// What it brought; never, when none is under way.
    pub(super) async fn done(&mut self) -> Catch {
        match &mut self.0 {
            Some(fetching) => fetching.await,
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Fetching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fetching").field(&!self.is_idle()).finish()
    }
}

async fn look(shared: Arc<Shared>, wanted: usize, mut idle: Idle) -> Catch {
    let (rows, rest) = match fetch(&shared, wanted).await {
        Ok(rows) if rows.is_empty() => match idle.nothing_came(&shared).await {
            // It slept before it looked: what came in between is found now.
            Rest::AfterAnotherLook(rest) => match fetch(&shared, wanted).await {
                // What is due is held, and its turn comes with a call.
                Ok(rows) if rows.is_empty() && shared.services.hold.is_on() => (rows, rest),
                Ok(rows) if rows.is_empty() => (rows, rest.min(until_next(&shared).await)),
                Ok(rows) => {
                    idle.something_came(&shared);
                    (rows, Duration::ZERO)
                }
                Err(error) => failed(&error),
            },
            Rest::For(rest) => (rows, rest),
        },
        Ok(rows) => {
            idle.something_came(&shared);
            let rest = if rows.len() < wanted {
                idle::BREATH
            } else {
                Duration::ZERO
            };
            (rows, rest)
        }
        Err(error) => failed(&error),
    };
    Catch {
        rows,
        wanted,
        rest,
        idle,
    }
}

fn failed(error: &StorageError) -> (Vec<Taken>, Duration) {
    tracing::warn!("{error}; trying again in a second");
    (Vec::new(), Duration::from_secs(1))
}

/// Up to `wanted` due jobs of the worker's queues, held from now on. While an
/// upgrade is on trial only those of its self-test.
pub(super) async fn fetch(shared: &Shared, wanted: usize) -> Result<Vec<Taken>, StorageError> {
    let mut taken = Vec::new();
    for queue in &shared.options.queues {
        let left = wanted - taken.len();
        if left == 0 {
            break;
        }
        let now = shared.clock.now();
        let until = now + shared.options.lease;
        let left = i64::try_from(left).unwrap_or(i64::MAX);
        let (pool, queue) = (&shared.pool, queue.as_str());
        let fetched = match shared.services.hold.is_on() {
            false => leases::fetch(pool, queue, shared.id, now, until, left).await,
            true => {
                let kind = SelfTest::KIND;
                leases::fetch_kind(pool, queue, kind, shared.id, now, until, left).await
            }
        };
        let rows = match fetched {
            Ok(rows) => rows,
            // What was taken before is held and must be run.
            Err(error) if !taken.is_empty() => {
                tracing::warn!("{error}");
                break;
            }
            Err(error) => return Err(error),
        };
        for row in rows {
            let lease = Lease {
                job: row.id,
                worker: shared.id,
                attempt: row.attempt,
            };
            shared.held.insert(lease);
            taken.push(Taken { lease, row });
        }
    }
    Ok(taken)
}

/// How long until the next job is due, at most one poll.
async fn until_next(shared: &Shared) -> Duration {
    let poll = shared.options.poll;
    let next = leases::next_due(&shared.pool, &shared.options.names()).await;
    let until = next.ok().flatten().map(|at| at - shared.clock.now());
    // Something due that was not fetched is held by another transaction for a
    // moment: come back soon, but do not spin.
    until.map_or(poll, |until| {
        Duration::try_from(until)
            .unwrap_or_default()
            .clamp(idle::BREATH, poll)
    })
}

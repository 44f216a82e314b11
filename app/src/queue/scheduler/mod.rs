//! Periodic jobs. Any number of schedulers may run; one leads, the others
//! wait to take over. What is due is enqueued and its next run set in one
//! transaction, so that even two leaders could not enqueue a run twice.
//!
//! Runs missed while nobody led are made up for once, not once each; a run is
//! skipped while the job of the previous one is unfinished.

pub mod builtin;
mod leader;
pub mod schedule;
pub mod tick;

use crate::clock::SharedClock;
use crate::hold::Hold;
use crate::lifecycle::Shutdown;
use crate::storage::{StorageError, cron};
use leader::Leadership;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

/// How often a follower asks whether it may lead, and the longest a leader
/// sleeps.
const PULSE: Duration = Duration::from_secs(5);

/// Leads when it can, until asked to stop.
#[derive(Debug)]
pub struct Scheduler {
    pool: PgPool,
    options: PgConnectOptions,
    clock: SharedClock,
    pulse: Duration,
    hold: Hold,
}

impl Scheduler {
    /// A scheduler that has not started. Leadership needs a connection of its
    /// own, opened with `options`.
    #[must_use]
    pub fn new(pool: PgPool, options: PgConnectOptions, clock: SharedClock) -> Self {
        Self {
            pool,
            options,
            clock,
            pulse: PULSE,
            hold: Hold::default(),
        }
    }

    /// Enqueues nothing while `hold` is on.
    #[must_use]
    pub fn held_by(mut self, hold: Hold) -> Self {
        self.hold = hold;
        self
    }

    /// Asks and looks this often instead.
    #[must_use]
    pub fn pulse(mut self, pulse: Duration) -> Self {
        self.pulse = pulse;
        self
    }

    /// Runs until asked to stop.
    pub async fn run(self, shutdown: Shutdown) {
        while !shutdown.is_requested() {
            let lost = tokio::select! {
                () = shutdown.requested() => break,
                lost = self.lead() => lost,
            };
            if let Err(error) = lost {
                tracing::warn!("{error}; asking for the lead again in {:?}", self.pulse);
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = tokio::time::sleep(self.pulse) => {}
            }
        }
        tracing::info!("scheduler stopped");
    }

    /// Leads until the lead is lost; returns at once when someone else leads.
    async fn lead(&self) -> Result<(), StorageError> {
        let Some(mut leadership) = Leadership::take(&self.options).await? else {
            return Ok(());
        };
        tracing::info!("this scheduler leads");
        self.hold.over().await;
        builtin::store(&self.pool, self.clock.now()).await?;
        loop {
            self.hold.over().await;
            leadership.confirm().await?;
            tick::tick(&self.pool, self.clock.now()).await?;
            let next = cron::next_due(&self.pool).await?;
            let wait = next.map_or(self.pulse, |next| {
                Duration::try_from(next - self.clock.now())
                    .unwrap_or_default()
                    .min(self.pulse)
            });
            tokio::time::sleep(wait.max(Duration::from_millis(10))).await;
        }
    }
}

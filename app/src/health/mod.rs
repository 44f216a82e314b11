//! Is this box fit to serve? Each check is a file, they run side by side, and
//! each has two seconds, so that one thing that hangs does not hide the rest.

mod disk;
mod migrations;
mod postgresql;
pub(crate) mod queue;
mod redis;
mod secrets;

use crate::cache::Cache;
use crate::clock::SharedClock;
use crate::hold::Hold;
use crate::secrets::Sealer;
use serde::Serialize;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(2);

/// A check's good news, or why it failed.
type Finding = Result<String, String>;

/// What the checks look at.
#[derive(Clone, Debug)]
pub struct Health {
    pool: PgPool,
    cache: Cache,
    clock: SharedClock,
    sealer: Sealer,
    state_dir: PathBuf,
    hold: Hold,
    since: OffsetDateTime,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Well.
    Ok,
    /// Not.
    Failed,
}

/// One check's result.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// How it went.
    pub status: CheckStatus,
    /// How long it took.
    pub latency_ms: f64,
    /// What it found.
    pub detail: String,
}

/// The whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Every check went well.
    Ready,
    /// At least one did not.
    NotReady,
}

/// What `/ready` answers.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The whole.
    pub status: Readiness,
    /// Whether requests and jobs wait for the end of an upgrade's trial. That
    /// is no fault.
    pub held: bool,
    /// The parts.
    pub checks: BTreeMap<&'static str, Check>,
}

impl Health {
    /// Checks that look at these.
    #[must_use]
    pub fn new(
        pool: PgPool,
        cache: Cache,
        clock: SharedClock,
        sealer: Sealer,
        state_dir: PathBuf,
        hold: Hold,
    ) -> Self {
        Self {
            since: clock.now(),
            pool,
            cache,
            clock,
            sealer,
            state_dir,
            hold,
        }
    }

    /// Runs every check.
    pub async fn report(&self) -> Report {
        let held = self.hold.is_on();
        let (postgresql, redis, migrations, queue, secrets, disk) = tokio::join!(
            timed(postgresql::check(&self.pool)),
            timed(redis::check(&self.cache)),
            timed(migrations::check(&self.pool)),
            timed(queue::check(&self.pool, self.clock.now(), self.since, held)),
            timed(secrets::check(&self.pool, &self.sealer, self.clock.now())),
            timed(disk::check(&self.state_dir)),
        );
        let checks = BTreeMap::from([
            ("postgresql", postgresql),
            ("redis", redis),
            ("migrations", migrations),
            ("queue", queue),
            ("secrets", secrets),
            ("disk", disk),
        ]);
        let well = checks.values().all(|check| check.status == CheckStatus::Ok);
        Report {
            status: if well {
                Readiness::Ready
            } else {
                Readiness::NotReady
            },
            held,
            checks,
        }
    }

    /// Whether the database and Redis answer, for liveness.
    pub async fn dependencies(&self) -> (CheckStatus, CheckStatus) {
        let (database, redis) = tokio::join!(
            timed(postgresql::check(&self.pool)),
            timed(redis::check(&self.cache))
        );
        (database.status, redis.status)
    }
}

impl Report {
    /// What went wrong: each failed check and what it found.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        self.checks
            .iter()
            .filter(|(_, check)| check.status == CheckStatus::Failed)
            .map(|(name, check)| format!("{name}: {}", check.detail))
            .collect()
    }

    /// One line for `systemctl status`.
    #[must_use]
    pub fn summary(&self) -> String {
        let failed = self.failures();
        if failed.is_empty() {
            "ready".to_owned()
        } else {
            format!("degraded: {}", failed.join("; "))
        }
    }
}

async fn timed(check: impl Future<Output = Finding>) -> Check {
    let started = Instant::now();
    let finding = tokio::time::timeout(LIMIT, check)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {LIMIT:?}")));
    let latency_ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    match finding {
        Ok(detail) => Check {
            status: CheckStatus::Ok,
            latency_ms,
            detail,
        },
        Err(detail) => Check {
            status: CheckStatus::Failed,
            latency_ms,
            detail,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_fails_within_its_limit() {
        let check = timed(std::future::pending()).await;
        assert_eq!(check.status, CheckStatus::Failed);
        assert!(check.detail.contains("no answer"));
    }
}

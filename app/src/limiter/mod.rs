//! How often someone may do something: sliding windows in Redis, one script
//! call for each question, whatever the number of counters. Redis being away
//! is told to the caller at once and once a minute to the log; it makes nobody
//! wait, because after a failure it is not asked again for a while.
//!
//! Start reading at `sliding.lua`.

pub mod leases;
pub mod local;

use crate::cache::Cache;
use crate::clock::SharedClock;
use redis::Script;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static SLIDING: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("sliding.lua")));

/// No question may hold a request up for longer.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long Redis is left alone after it failed.
const PAUSE_MS: i64 = 2_000;
/// How often its absence is logged.
const LOG_EVERY_MS: i64 = 60_000;

/// How much of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many.
    pub limit: u32,
    /// In what time.
    pub window: Duration,
}

impl Quota {
    /// So many in an hour.
    #[must_use]
    pub const fn hourly(limit: u32) -> Self {
        Self {
            limit,
            window: Duration::from_secs(3600),
        }
    }
}

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How many; 0 is a refusal.
    pub granted: u64,
    /// Of each counter, in the order asked.
    pub counters: Vec<Left>,
}

/// What a counter has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How many at once now.
    pub remaining: u64,
    /// How long until there is one again; zero when there is.
    pub wait: Duration,
}

impl Grant {
    /// Whole seconds until every counter has one again.
    #[must_use]
    pub fn wait_seconds(&self) -> u64 {
        let longest = self.counters.iter().map(|left| left.wait).max();
        longest.map_or(0, |wait| {
            wait.as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX)
        })
    }
}

/// Counts in Redis.
#[derive(Clone, Debug)]
pub struct Limiter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache: Cache,
    clock: SharedClock,
    ask_after_ms: AtomicI64,
    log_after_ms: AtomicI64,
}

impl Limiter {
    /// Counters in this Redis.
    #[must_use]
    pub fn new(cache: Cache, clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            cache,
            clock,
            ask_after_ms: AtomicI64::new(i64::MIN),
            log_after_ms: AtomicI64::new(i64::MIN),
        }))
    }

    /// Takes up to `want` from every counter, as many as all of them have;
    /// `None` when Redis is away.
    pub async fn take(&self, counters: &[(String, Quota)], want: u32) -> Option<Grant> {
        self.ask("take", counters, want).await
    }

    /// Gives back what was not used; `None` when Redis is away.
    pub async fn give_back(&self, counters: &[(String, Quota)], count: u32) -> Option<Grant> {
        self.ask("give", counters, count).await
    }

    async fn ask(&self, mode: &str, counters: &[(String, Quota)], want: u32) -> Option<Grant> {
        let now = self.now_ms();
        if now < self.0.ask_after_ms.load(Ordering::Relaxed) {
            return None;
        }
        let mut call = SLIDING.prepare_invoke();
        call.arg(now).arg(mode).arg(want);
        for (key, quota) in counters {
            let window = u64::try_from(quota.window.as_millis()).unwrap_or(u64::MAX);
            call.key(key).arg(quota.limit).arg(window);
        }
        let asked = self.0.cache.script::<Vec<u64>>("count requests", &call);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => read(&answer),
            Ok(Err(error)) => self.away(now, &error.to_string()),
            Err(_) => self.away(now, "Redis does not answer"),
        }
    }

    fn away(&self, now: i64, why: &str) -> Option<Grant> {
        self.0.ask_after_ms.store(now + PAUSE_MS, Ordering::Relaxed);
        let due = self.0.log_after_ms.load(Ordering::Relaxed);
        let claimed = now >= due
            && self
                .0
                .log_after_ms
                .compare_exchange(
                    due,
                    now + LOG_EVERY_MS,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok();
        if claimed {
            tracing::warn!("limits are not enforced: {why}");
        }
        None
    }

    fn now_ms(&self) -> i64 {
        let nanos = self.0.clock.now().unix_timestamp_nanos();
        i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)
    }
}

fn read(answer: &[u64]) -> Option<Grant> {
    let (granted, rest) = answer.split_first()?;
    let counters = rest
        .chunks_exact(2)
        .map(|pair| Left {
            remaining: pair[0],
            wait: Duration::from_millis(pair[1]),
        })
        .collect();
    Some(Grant {
        granted: *granted,
        counters,
    })
}

//! Many requests, few questions: a process takes a handful of requests from
//! Redis at a time and spends them itself. What it does not spend is lost, so
//! nobody gets more than the limit, and at most one handful less. Small limits
//! are asked for one by one.

use super::{Limiter, Quota};
use crate::clock::SharedClock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};

/// A handful is this part of the limit, and at most [`LARGEST`].
const PART: u32 = 500;
const LARGEST: u32 = 64;
/// How long a handful is good.
const GOOD: Duration = Duration::seconds(10);
/// Beyond this many names, those without a good handful make room.
const MOST: usize = 20_000;

#[derive(Clone, Copy, Debug)]
struct Handful {
    here: u64,
    elsewhere: u64,
    until: OffsetDateTime,
}

/// How a request fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may pass; so many more may follow.
    Pass(u64),
    /// It may not, for so many seconds.
    Wait(u64),
    /// Nobody counts: Redis is away.
    Uncounted,
}

/// The handfuls of this process.
#[derive(Clone, Debug)]
pub struct Leases {
    limiter: Limiter,
    clock: SharedClock,
    all: Arc<Mutex<HashMap<String, Handful>>>,
}

impl Leases {
    /// None taken yet.
    #[must_use]
    pub fn new(limiter: Limiter, clock: SharedClock) -> Self {
        Self {
            limiter,
            clock,
            all: Arc::default(),
        }
    }

    /// Spends one.
    pub async fn spend(&self, key: &str, quota: Quota) -> Verdict {
        let now = self.clock.now();
        if let Some(left) = self.here(key, now) {
            return Verdict::Pass(left);
        }
        let want = (quota.limit / PART).clamp(1, LARGEST);
        let counter = [(key.to_owned(), quota)];
        let Some(grant) = self.limiter.take(&counter, want).await else {
            return Verdict::Uncounted;
        };
        if grant.granted == 0 {
            return Verdict::Wait(grant.wait_seconds().max(1));
        }
        let handful = Handful {
            here: grant.granted - 1,
            elsewhere: grant.counters.first().map_or(0, |left| left.remaining),
            until: now + GOOD,
        };
        if handful.here > 0 {
            self.keep(key, handful, now);
        }
        Verdict::Pass(handful.here + handful.elsewhere)
    }

    fn here(&self, key: &str, now: OffsetDateTime) -> Option<u64> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let handful = all.get_mut(key)?;
        if handful.here == 0 || handful.until <= now {
            all.remove(key);
            return None;
        }
        handful.here -= 1;
        Some(handful.here + handful.elsewhere)
    }

    fn keep(&self, key: &str, handful: Handful, now: OffsetDateTime) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, handful| handful.here > 0 && handful.until > now);
            if all.len() >= MOST {
                all.clear();
            }
        }
        all.insert(key.to_owned(), handful);
    }
}

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

#[derive(Clone, Debug)]
struct Handful {
    here: u64,
    elsewhere: u64,
    until: OffsetDateTime,
    /// One request asks for the next handful, the others wait for it: what a
    /// crowd that comes at once took beyond one handful would be lost.
    turn: Arc<Turn>,
}

type Turn = tokio::sync::Mutex<()>;

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
        let want = (quota.limit / PART).clamp(1, LARGEST);
        if want == 1 {
            return self.ask(key, quota, want, now).await;
        }
        let turn = match self.here(key, now) {
            Ok(left) => return Verdict::Pass(left),
            Err(turn) => turn,
        };
        let _turn = turn.lock().await;
        // Whoever was before us may have brought enough for both.
        match self.here(key, now) {
            Ok(left) => Verdict::Pass(left),
            Err(_) => self.ask(key, quota, want, now).await,
        }
    }

    async fn ask(&self, key: &str, quota: Quota, want: u32, now: OffsetDateTime) -> Verdict {
        let counter = [(key.to_owned(), quota)];
        let Some(grant) = self.limiter.take(&counter, want).await else {
            return Verdict::Uncounted;
        };
        if grant.granted == 0 {
            return Verdict::Wait(grant.wait_seconds().max(1));
        }
        let here = grant.granted - 1;
        let elsewhere = grant.counters.first().map_or(0, |left| left.remaining);
        if here > 0 {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(handful) = all.get_mut(key) {
                (handful.here, handful.elsewhere) = (here, elsewhere);
                handful.until = now + GOOD;
            }
        }
        Verdict::Pass(here + elsewhere)
    }

    /// Spends one of a good handful, and gives what is left.
    ///
    /// # Errors
    /// When there is none: whose turn it is to ask for one.
    fn here(&self, key: &str, now: OffsetDateTime) -> Result<u64, Arc<Turn>> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handful) = all.get_mut(key) {
            if handful.here == 0 || handful.until <= now {
                return Err(Arc::clone(&handful.turn));
            }
            handful.here -= 1;
            return Ok(handful.here + handful.elsewhere);
        }
        if all.len() >= MOST {
            all.retain(|_, handful| handful.here > 0 && handful.until > now);
            if all.len() >= MOST {
                all.clear();
            }
        }
        let turn = Arc::<Turn>::default();
        let empty = Handful {
            here: 0,
            elsewhere: 0,
            until: now,
            turn: Arc::clone(&turn),
        };
        all.insert(key.to_owned(), empty);
        Err(turn)
    }
}

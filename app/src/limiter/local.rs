//! Counters in this process, for while Redis is away: fixed windows, a bounded
//! number of them, forgotten with the process.

use super::Quota;
use crate::clock::SharedClock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;

/// Beyond this many, those that have ended make room.
const MOST: usize = 10_000;

/// Counts here.
#[derive(Clone, Debug)]
pub struct LocalCounters {
    clock: SharedClock,
    all: Arc<Mutex<HashMap<String, (OffsetDateTime, u32)>>>,
}

impl LocalCounters {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            all: Arc::default(),
        }
    }

    /// Takes one; the seconds to wait when there is none.
    ///
    /// # Errors
    /// The seconds.
    pub fn take(&self, key: &str, quota: Quota) -> Result<(), u64> {
        let now = self.clock.now();
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, (ends, _)| *ends > now);
            if all.len() >= MOST {
                // A flood of names: rather forget than grow.
                all.clear();
            }
        }
        let entry = all.entry(key.to_owned()).or_insert((now + quota.window, 0));
        if entry.0 <= now {
            *entry = (now + quota.window, 0);
        }
        if entry.1 >= quota.limit {
            let wait = (entry.0 - now).whole_seconds() + 1;
            return Err(u64::try_from(wait).unwrap_or(1));
        }
        entry.1 += 1;
        Ok(())
    }

    /// Forgets a counter.
    pub fn forget(&self, key: &str) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use time::macros::datetime;

    #[test]
    fn a_window_fills_ends_and_opens_again() {
        let clock = Arc::new(ManualClock::starting_at(datetime!(2026-01-01 0:00 UTC)));
        let counters = LocalCounters::new(clock.clone());
        let quota = Quota::hourly(2);
        assert_eq!(counters.take("a", quota), Ok(()));
        assert_eq!(counters.take("a", quota), Ok(()));
        assert_eq!(counters.take("a", quota), Err(3601));
        assert_eq!(counters.take("b", quota), Ok(()));
        clock.advance(time::Duration::hours(1));
        assert_eq!(counters.take("a", quota), Ok(()));
    }

    #[test]
    fn a_flood_of_names_does_not_grow_it() {
        let clock = Arc::new(ManualClock::starting_at(datetime!(2026-01-01 0:00 UTC)));
        let counters = LocalCounters::new(clock);
        for name in 0..25_000 {
            assert_eq!(counters.take(&name.to_string(), Quota::hourly(1)), Ok(()));
        }
        assert!(counters.all.lock().unwrap().len() <= MOST);
    }
}

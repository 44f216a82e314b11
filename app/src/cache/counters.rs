//! What the cache counts, for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one process. Cheap to clone: the counts are shared.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    errors: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Keys that were there.
    pub hits: u64,
    /// Keys that were not.
    pub misses: u64,
    /// Operations that failed.
    pub errors: u64,
}

impl Counters {
    pub(super) fn looked_up(&self, found: bool) {
        let count = if found { &self.0.hits } else { &self.0.misses };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.0.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            hits: self.0.hits.load(Ordering::Relaxed),
            misses: self.0.misses.load(Ordering::Relaxed),
            errors: self.0.errors.load(Ordering::Relaxed),
        }
    }
}

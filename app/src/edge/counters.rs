//! What the edge counts, for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one process. Cheap to clone: the counts are shared.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
    handshakes: AtomicU64,
    handshakes_failed: AtomicU64,
    from_memory: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Connections that are open.
    pub open: u64,
    /// Connections that were ever open.
    pub opened: u64,
    /// Connections closed because their network had its share.
    pub refused: u64,
    /// TLS handshakes that came to a connection.
    pub handshakes: u64,
    /// Those that did not.
    pub handshakes_failed: u64,
    /// Static files answered before the application.
    pub from_memory: u64,
}

/// Counts a connection as open until it is dropped.
#[derive(Debug)]
pub(super) struct Active(Arc<Counts>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counters {
    pub(super) fn connected(&self, tls: bool) -> Active {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.0.opened.fetch_add(1, Ordering::Relaxed);
        if tls {
            self.0.handshakes.fetch_add(1, Ordering::Relaxed);
        }
        Active(Arc::clone(&self.0))
    }

    pub(super) fn refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn handshake_failed(&self) {
        self.0.handshakes_failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn served_from_memory(&self) {
        self.0.from_memory.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Snapshot {
            open: read(&self.0.open),
            opened: read(&self.0.opened),
            refused: read(&self.0.refused),
            handshakes: read(&self.0.handshakes),
            handshakes_failed: read(&self.0.handshakes_failed),
            from_memory: read(&self.0.from_memory),
        }
    }
}

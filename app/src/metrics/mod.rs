//! Numbers about the process for Prometheus.

use crate::edge::counters::Counters;

/// What a process counts. Cheap to clone: the counts are shared.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Connections and handshakes.
    pub edge: Counters,
}

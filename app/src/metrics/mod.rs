//! Numbers about the process for Prometheus. What happens often is counted
//! where it happens, with atomics; everything else is looked up when someone
//! asks ([`scrape`]).
//!
//! The web process answers on `[metrics] listen`. Workers answer on sockets
//! in the runtime directory, which the web process passes on, so that one
//! address shows them all ([`listen`]).

mod keeper;
pub mod latency;
pub mod listen;
mod process;
mod scrape;

use crate::edge::counters::Counters;
use latency::Latency;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::time::Duration;

/// What a process counts. Cheap to clone: the counts are shared.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Connections and handshakes.
    pub edge: Counters,
    /// How long the requests of this minute took.
    pub latency: Latency,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    held: Gauge,
    jobs: Family<JobLabels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct JobLabels {
    queue: String,
    kind: String,
    outcome: &'static str,
}

/// Counts a request as being answered, or as held, until it is dropped.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            edge: Counters::default(),
            latency: Latency::default(),
            requests: Family::new_with_constructor(request_buckets),
            in_flight: Gauge::default(),
            held: Gauge::default(),
            jobs: Family::new_with_constructor(job_buckets),
        }
    }
}

fn request_buckets() -> Histogram {
    Histogram::new([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    ])
}

fn job_buckets() -> Histogram {
    Histogram::new([0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0])
}

impl Metrics {
    /// A request has begun.
    #[must_use]
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// A request waits for the end of a trial.
    #[must_use]
    pub fn hold(&self) -> InFlight {
        self.held.inc();
        InFlight(self.held.clone())
    }

    /// A request was answered. The route is the pattern and not the path:
    /// there are as many series as routes.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.latency.observe(took);
        let labels = RequestLabels {
            method: known_method(method),
            route: route.to_owned(),
            status: class(status),
        };
        self.requests
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// A job has run.
    pub fn job_ran(&self, queue: &str, kind: &str, outcome: &'static str, took: Duration) {
        let labels = JobLabels {
            queue: queue.to_owned(),
            kind: kind.to_owned(),
            outcome,
        };
        self.jobs.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// A client may invent methods; it must not invent series.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

const fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

//! The page for Prometheus.

use super::process::Process;
use crate::services::Services;
use crate::storage::jobs;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// How long PostgreSQL may take to answer; without it the rest is shown.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct QueueLabels {
    queue: String,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct QueueLabel {
    queue: String,
}

/// Everything there is to say at this moment.
///
/// # Errors
/// When it cannot be written, which memory allows.
pub(super) async fn page(services: &Services) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("wizamart");
    let registry = &mut registry;
    build(registry);
    requests(registry, services);
    edge(registry, services);
    cache(registry, services);
    database(registry, services).await;
    queues(registry, services).await;
    process(registry);
    let mut text = String::with_capacity(16 * 1024);
    encode(&mut text, registry)?;
    Ok(text)
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: impl TryInto<i64>) {
    let value: i64 = value.try_into().unwrap_or(i64::MAX);
    registry.register(name, help, ConstGauge::new(value));
}

fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    registry.register(name, help, ConstCounter::new(value));
}

fn seconds(registry: &mut Registry, name: &str, help: &str, metric: impl Metric) {
    registry.register_with_unit(name, help, Unit::Seconds, metric);
}

fn build(registry: &mut Registry) {
    let info = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The program", info);
}

fn requests(registry: &mut Registry, services: &Services) {
    let metrics = &services.metrics;
    let help = "Requests by route, method and class of status";
    seconds(registry, "request_duration", help, metrics.requests.clone());
    let help = "Requests being answered";
    registry.register("requests_in_flight", help, metrics.in_flight.clone());
    let help = "Requests that wait until an upgrade's trial is over";
    registry.register("requests_held", help, metrics.held.clone());
    let help = "Runs of jobs by queue, kind and outcome";
    seconds(registry, "job_duration", help, metrics.jobs.clone());
}

fn edge(registry: &mut Registry, services: &Services) {
    let edge = services.metrics.edge.snapshot();
    gauge(registry, "connections_open", "Open connections", edge.open);
    let help = "Connections there have been";
    counter(registry, "connections", help, edge.opened);
    let help = "Connections closed because their network had its share";
    counter(registry, "connections_refused", help, edge.refused);
    counter(
        registry,
        "tls_handshakes",
        "Handshakes that came to a connection",
        edge.handshakes,
    );
    let help = "Handshakes that did not";
    counter(
        registry,
        "tls_handshakes_failed",
        help,
        edge.handshakes_failed,
    );
    let help = "Static files answered from memory";
    counter(registry, "static_files", help, edge.from_memory);
}

fn cache(registry: &mut Registry, services: &Services) {
    let cache = services.cache.counters.snapshot();
    counter(
        registry,
        "cache_hits",
        "Keys that were in Redis",
        cache.hits,
    );
    counter(registry, "cache_misses", "Keys that were not", cache.misses);
    counter(
        registry,
        "cache_errors",
        "Operations of Redis that failed",
        cache.errors,
    );
}

async fn database(registry: &mut Registry, services: &Services) {
    let pool = &services.pool;
    gauge(
        registry,
        "pool_size",
        "Connections to PostgreSQL",
        pool.size(),
    );
    let help = "Those that wait for work";
    gauge(registry, "pool_idle", help, pool.num_idle());
    let help = "How many there may be";
    gauge(
        registry,
        "pool_max",
        help,
        pool.options().get_max_connections(),
    );
    // The pool does not say how long others wait; this is how long we did.
    let started = Instant::now();
    if let Ok(Ok(connection)) = tokio::time::timeout(PATIENCE, pool.acquire()).await {
        let waited = started.elapsed().as_secs_f64();
        drop(connection);
        let help = "How long this page waited for a connection";
        seconds(registry, "pool_wait", help, ConstGauge::new(waited));
    }
}

async fn queues(registry: &mut Registry, services: &Services) {
    let now = services.clock.now();
    let asked = tokio::time::timeout(PATIENCE, jobs::stats(&services.pool, now)).await;
    let Ok(Ok(stats)) = asked else {
        return;
    };
    let count = Family::<QueueLabels, Gauge>::default();
    let age = Family::<QueueLabel, Gauge<f64, AtomicU64>>::default();
    for queue in stats {
        let states = [
            ("due", queue.due),
            ("scheduled", queue.scheduled),
            ("running", queue.running),
            ("done", queue.done),
            ("dead", queue.dead),
        ];
        for (state, jobs) in states {
            let queue = queue.queue.clone();
            count.get_or_create(&QueueLabels { queue, state }).set(jobs);
        }
        let oldest = queue
            .oldest_due_at
            .map_or(0.0, |due| (now - due).as_seconds_f64());
        let label = QueueLabel { queue: queue.queue };
        age.get_or_create(&label).set(oldest);
    }
    registry.register("queue_jobs", "Jobs by queue and state", count);
    seconds(
        registry,
        "queue_oldest_due",
        "Age of the oldest job that is due",
        age,
    );
}

fn process(registry: &mut Registry) {
    let process = Process::now();
    let cpu = Counter::<f64, AtomicU64>::default();
    cpu.inc_by(process.cpu);
    seconds(registry, "process_cpu", "Processor time", cpu);
    let help = "Resident memory";
    let memory = ConstGauge::new(process.memory);
    registry.register_with_unit("process_memory", help, Unit::Bytes, memory);
    gauge(
        registry,
        "process_descriptors",
        "Open descriptors",
        process.descriptors,
    );
    gauge(registry, "process_threads", "Threads", process.threads);
}

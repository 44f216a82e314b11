//! What may differ between workers.

use onebox_model::QueueName;
use std::time::Duration;

/// A worker's settings.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// The queues it serves, the first one first.
    pub queues: Vec<QueueName>,
    /// How many jobs it runs side by side.
    pub concurrency: usize,
    /// How long a job stays the worker's without a heartbeat.
    pub lease: Duration,
    /// How often it renews its leases and its row in the registry.
    pub heartbeat: Duration,
    /// How often it looks without being woken: a notification can be lost
    /// with a connection.
    pub poll: Duration,
    /// How long running jobs may take to finish when it stops.
    pub drain: Duration,
}

impl WorkerOptions {
    /// The usual settings for these queues.
    #[must_use]
    pub fn new(queues: Vec<QueueName>, concurrency: usize) -> Self {
        Self {
            queues,
            concurrency: concurrency.max(1),
            lease: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            poll: Duration::from_secs(10),
            drain: Duration::from_secs(30),
        }
    }

    /// Another lease; it is renewed four times before it would run out.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self.heartbeat = lease / 4;
        self
    }

    /// Another limit for finishing what runs.
    #[must_use]
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// The queues' names, as the database wants them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.queues.iter().map(ToString::to_string).collect()
    }
}

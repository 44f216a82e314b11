//! How much of the machine a client may take.

use std::time::Duration;

/// Times and sizes at the edge.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of one listening socket; more wait in its backlog.
    pub connections: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// For the head of a request, and between two requests.
    pub header_read: Duration,
    /// From the head of a request to the head of its answer.
    pub request: Duration,
    /// Largest body of a request.
    pub body_bytes: usize,
    /// How long running requests may take when the process stops.
    pub drain: Duration,
    /// When stopping, how long an idle connection is kept for a request that
    /// may be on its way; its answer then says that the connection ends.
    pub linger: Duration,
    /// The same for a connection that has not sent its first request. Its
    /// client has been promised an answer by the accept.
    pub linger_fresh: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            request: Duration::from_secs(30),
            body_bytes: 1024 * 1024,
            drain: Duration::from_secs(30),
            linger: Duration::from_millis(500),
            linger_fresh: Duration::from_secs(2),
        }
    }
}

//! How much of the machine a client may take.

use onebox_model::config::WebLimits;
use std::time::Duration;

/// Times and sizes at the edge.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of one listening socket; more wait in its backlog.
    pub connections: usize,
    /// Of these, connections of one IPv4 address or IPv6 /64 network.
    pub per_network: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// For the head of a request, and between two requests.
    pub header_read: Duration,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Slowest rate of a body, in bytes a second.
    pub body_rate: u32,
    /// How long a client may take nothing of its answer.
    pub write: Duration,
    /// How long an HTTP/2 connection may have no request.
    pub idle: Duration,
    /// From the end of a request to the head of its answer.
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
            per_network: 512,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            body_rate: 512,
            write: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            request: Duration::from_secs(30),
            body_bytes: 1024 * 1024,
            drain: Duration::from_secs(30),
            linger: Duration::from_millis(500),
            linger_fresh: Duration::from_secs(2),
        }
    }
}

impl From<&WebLimits> for Limits {
    fn from(chosen: &WebLimits) -> Self {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let seconds = |number: u32| Duration::from_secs(number.into());
        Self {
            connections: size(chosen.connections),
            per_network: size(chosen.connections_per_address),
            header_bytes: size(chosen.header_bytes),
            header_read: seconds(chosen.header_seconds),
            body_bytes: size(chosen.body_bytes),
            body_rate: chosen.body_rate,
            request: seconds(chosen.request_seconds),
            write: seconds(chosen.write_seconds),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configurations_defaults_are_the_servers() {
        let chosen = Limits::from(&WebLimits::default());
        assert_eq!(format!("{chosen:?}"), format!("{:?}", Limits::default()));
    }
}

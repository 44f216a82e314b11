//! `[web.limits]`: how much of the machine clients may take.

use crate::config::error::Finding;
use serde::{Deserialize, Serialize};

/// Sizes and times at the edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebLimits {
    /// Connections of all clients together.
    pub connections: u32,
    /// Connections of one IPv4 address or IPv6 /64 network.
    pub connections_per_address: u32,
    /// Bytes of a request's head: its target and header fields.
    pub header_bytes: u32,
    /// Seconds for the head of a request, and between two requests.
    pub header_seconds: u32,
    /// Bytes of a request's body, where an endpoint has no limit of its own.
    pub body_bytes: u32,
    /// Slowest rate of a request's body, in bytes a second.
    pub body_rate: u32,
    /// Seconds from a whole request to the head of its answer.
    pub request_seconds: u32,
    /// Seconds a client may take nothing of its answer.
    pub write_seconds: u32,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 512,
            header_bytes: 16 * 1024,
            header_seconds: 10,
            body_bytes: 1024 * 1024,
            body_rate: 512,
            request_seconds: 30,
            write_seconds: 30,
        }
    }
}

impl WebLimits {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let ranges = [
            ("connections", self.connections, 16, 60_000),
            (
                "connections_per_address",
                self.connections_per_address,
                4,
                60_000,
            ),
            ("header_bytes", self.header_bytes, 4096, 60 * 1024),
            ("header_seconds", self.header_seconds, 1, 300),
            ("body_bytes", self.body_bytes, 1024, 1 << 30),
            ("body_rate", self.body_rate, 1, 1 << 20),
            ("request_seconds", self.request_seconds, 1, 600),
            ("write_seconds", self.write_seconds, 1, 600),
        ];
        ranges
            .into_iter()
            .filter(|(_, value, least, most)| value < least || value > most)
            .map(|(name, value, least, most)| Finding {
                key: format!("web.limits.{name}"),
                value: Some(value.to_string()),
                why: "this is outside of what the server can keep".to_owned(),
                fix: format!("write a whole number from {least} to {most}"),
            })
            .collect()
    }
}

//! `[metrics]`: numbers for Prometheus.

use crate::config::error::Finding;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The private listener of the web process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Address and port, or `off`.
    pub listen: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9464".to_owned(),
        }
    }
}

impl Metrics {
    /// Where to listen; `None` when turned off.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let why = match self.listen.parse::<SocketAddr>() {
            Ok(address) if matches!(address.port(), 80 | 443) => {
                "numbers about the box are not for its public ports"
            }
            Ok(_) => return Vec::new(),
            Err(_) if self.listen == "off" => return Vec::new(),
            Err(_) => "this is not an address with a port",
        };
        vec![Finding::new(
            "metrics.listen",
            &self.listen,
            why,
            r#"write an address such as "127.0.0.1:9464", or "off""#,
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(text: &str) -> Metrics {
        Metrics {
            listen: text.to_owned(),
        }
    }

    #[test]
    fn an_address_or_off_passes_and_public_ports_do_not() {
        for good in ["127.0.0.1:9464", "[::1]:9464", "10.0.0.2:9000", "off"] {
            assert!(listen(good).validate().is_empty(), "{good}");
        }
        for bad in ["", "9464", "localhost:9464", "0.0.0.0:443", "[::]:80"] {
            assert_eq!(listen(bad).validate().len(), 1, "{bad}");
        }
        assert_eq!(listen("off").address(), None);
    }
}

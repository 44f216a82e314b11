//! Whether the box is ready, as the application's `/ready` says.

mod wait;

pub use wait::{Progress, wait};

use std::collections::BTreeMap;

use onebox_model::paths;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::https::Client;
use crate::pin::Trust;
use crate::ssh::Ssh;

/// The application's own account of itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Readiness {
    /// `ready` or `not_ready`.
    pub status: String,
    /// One entry for everything it depends on.
    #[serde(default)]
    pub checks: BTreeMap<String, Check>,
}

/// The state of one thing the application depends on.
#[derive(Clone, Debug, Deserialize)]
pub struct Check {
    /// `ok` or `failed`.
    pub status: String,
    /// Why it failed.
    #[serde(default)]
    pub detail: Option<serde_json::Value>,
}

impl Readiness {
    /// Whether everything is well.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status == "ready"
    }

    /// What is not well, one `name: reason` each.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failed = self.checks.iter().filter(|(_, check)| check.status != "ok");
        failed
            .map(|(name, check)| match &check.detail {
                Some(serde_json::Value::String(detail)) => format!("{name}: {detail}"),
                Some(detail) if !detail.is_null() => format!("{name}: {detail}"),
                _ => format!("{name}: {}", check.status),
            })
            .collect()
    }
}

/// Asks once.
///
/// # Errors
/// When there is no answer or it is not a readiness.
pub fn probe(client: &Client) -> Result<Readiness> {
    let response = client.get("/ready", None)?;
    serde_json::from_slice(&response.body).map_err(|_| Error::Https {
        address: "/ready".into(),
        detail: format!("status {}: {}", response.status, response.text()),
    })
}

/// A client for the HTTPS `port` that accepts exactly the certificate that the
/// box itself, over SSH, says is its own.
///
/// # Errors
/// When the box does not answer by SSH or has no certificate.
pub fn pin(ssh: &Ssh, port: u16) -> Result<Client> {
    let pem = ssh.run(&format!("cat {}", paths::TLS_CHAIN))?;
    Client::new(port, Trust::pin(&pem, paths::TLS_CHAIN)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_well_is_named_with_its_reason() {
        let readiness: Readiness = serde_json::from_str(
            r#"{"status":"not_ready","checks":{
                "redis":{"status":"failed","latency_ms":1.0,"detail":"refused"},
                "disk":{"status":"ok","latency_ms":0.1},
                "queue":{"status":"failed","detail":null}}}"#,
        )
        .unwrap();
        assert!(!readiness.is_ready());
        assert_eq!(readiness.failures(), ["queue: failed", "redis: refused"]);
    }
}

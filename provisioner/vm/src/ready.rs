//! Whether the box is ready, as the application's `/ready` says.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use onebox_model::paths;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::https::Client;
use crate::pin::Trust;
use crate::serial::{self, Phase};
use crate::vm::Vm;

/// An emulated box in the middle of its boot takes seconds for a handshake.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(500);

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

/// How far waiting has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The serial log shows this phase.
    Booting(Phase),
    /// The application answers and these are not well yet.
    NotReady(Vec<String>),
}

/// Waits until the box that runs in `vm` is ready, and returns a client that
/// has its certificate pinned. `watch` hears of progress; when it returns
/// false the waiting ends with `Ok(None)`.
///
/// # Errors
/// When the machine stops or the deadline passes.
pub fn wait(
    vm: &Vm,
    limit: Duration,
    mut watch: impl FnMut(&Progress) -> bool,
) -> Result<Option<Client>> {
    let deadline = Instant::now() + limit;
    let log = vm.serial();
    let unpinned = Client::new(vm.settings().ports.https, Trust::Reachability)?.limit(PROBE_LIMIT);
    let mut pinned: Option<Client> = None;
    let mut progress = Progress::Booting(Phase::Firmware);
    while Instant::now() < deadline {
        if vm.pid()?.is_none() {
            let (during, log) = (progress.describe(), log.path().to_owned());
            return Err(Error::Died { during, log });
        }
        if let Progress::Booting(_) = progress {
            progress = Progress::Booting(serial::phase(&log.read()?));
        }
        let answer = match &pinned {
            Some(client) => probe(client).ok(),
            None => {
                let reachable = unpinned.get("/health", None).is_ok();
                pinned = if reachable { pin(vm).ok() } else { None };
                None
            }
        };
        match (answer, &pinned) {
            (Some(readiness), Some(client)) if readiness.is_ready() => {
                return Ok(Some(client.clone()));
            }
            (Some(readiness), _) => progress = Progress::NotReady(readiness.failures()),
            (None, _) => {}
        }
        if !watch(&progress) {
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
    let what = format!("the box being ready ({})", progress.describe());
    Err(Error::Timeout { what, limit })
}

/// A client that accepts exactly the certificate that the box itself, over SSH,
/// says is its own.
///
/// # Errors
/// When the box does not answer by SSH or has no certificate.
pub fn pin(vm: &Vm) -> Result<Client> {
    let pem = vm.ssh().run(&format!("cat {}", paths::TLS_CHAIN))?;
    Client::new(vm.settings().ports.https, Trust::pin(&pem, paths::TLS_CHAIN)?)
}

impl Progress {
    /// The progress in a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Booting(phase) => phase.to_string(),
            Self::NotReady(failures) if failures.is_empty() => "not ready".into(),
            Self::NotReady(failures) => format!("not ready: {}", failures.join("; ")),
        }
    }
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

//! The health gate: is this boot good?
//!
//! Good means what a customer and an operator would mean by it: the
//! application answers `/ready` with 200 through TLS, under the very
//! certificate that is stored, and every unit of the box is active. Only then
//! is the running slot confirmed. The gate never reboots and never repairs.

mod https;
mod pin;
mod ready;
mod verdict;

pub use https::ProbeError;
pub(crate) use https::serves;
pub use verdict::{GateError, Unready, Verdict, record};

use crate::boot::{BootError, Confirmed, Slot, Store};
use crate::systemd::{self, Units};
use onebox_model::{ports, units};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the gate asks and how long.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Where the application listens.
    pub address: SocketAddr,
    /// The stored certificate chain.
    pub chain: PathBuf,
    /// Who is asked about units.
    pub systemd: Arc<dyn Units>,
    /// Where the slot is confirmed.
    pub boot: Store,
    /// The slot this system runs from; `None` outside a slot.
    pub slot: Option<Slot>,
    /// How long to wait.
    pub timeout: Duration,
    /// How long between two looks.
    pub interval: Duration,
}

/// The state of a unit that does its job.
const ACTIVE: &str = "active";

/// How often at least a good boot is tried to be confirmed.
const CONFIRM_ATTEMPTS: u32 = 3;

/// Where the application listens on a box.
#[must_use]
pub fn default_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, ports::HTTPS).into()
}

/// Asks the site whether it is ready, and returns what is not.
///
/// # Errors
/// When it does not answer.
pub(crate) fn ready(address: SocketAddr, chain: &Path) -> Result<Vec<String>, ProbeError> {
    let answer = https::get(address, ready::PATH, chain)?;
    let unready = ready::judge(ready::PATH, &answer);
    Ok(unready.iter().map(ToString::to_string).collect())
}

impl Gate {
    /// Waits until the box is healthy or the time is over, and confirms the
    /// slot in the first case.
    pub async fn wait(&self) -> Verdict {
        let start = Instant::now();
        loop {
            let mut unready = self.application().await;
            // Units are asked last: a silent application says enough, and the
            // bus is busy enough while a machine boots.
            let last = start.elapsed() + self.interval >= self.timeout;
            if unready.is_empty() || last {
                unready.extend(self.units().await);
            }
            if unready.is_empty() {
                let waited = start.elapsed();
                return Verdict::healthy(waited, self.confirm(start).await);
            }
            if last {
                return Verdict::unhealthy(start.elapsed(), unready);
            }
            tokio::time::sleep(self.interval).await;
        }
    }

    /// One look, at the application and every unit; confirms nothing.
    pub async fn look(&self) -> Vec<Unready> {
        let mut unready = self.application().await;
        unready.extend(self.units().await);
        unready
    }

    async fn application(&self) -> Vec<Unready> {
        let url = format!("https://{}{}", self.address, ready::PATH);
        let (address, chain, asked) = (self.address, self.chain.clone(), url.clone());
        // The chain is read every time: it may be replaced while we wait.
        let look = tokio::task::spawn_blocking(move || {
            https::get(address, ready::PATH, &chain).map(|answer| ready::judge(&asked, &answer))
        });
        match look.await {
            Ok(Ok(unready)) => unready,
            Ok(Err(error)) => vec![Unready::new(&url, error)],
            Err(error) => vec![Unready::new(&url, error)],
        }
    }

    async fn units(&self) -> Vec<Unready> {
        let names = units::required_for_health();
        match systemd::states(&*self.systemd, &names).await {
            Ok(states) => states
                .into_iter()
                .filter(|unit| unit.active_state != ACTIVE)
                .map(|unit| Unready::new(&unit.name, unit.active_state))
                .collect(),
            Err(error) => vec![Unready::new("systemd", error)],
        }
    }

    /// The EFI system partition is mounted when it is touched; where that fails
    /// while the machine is busy booting it is tried again: a good boot must not
    /// count as a failed try.
    async fn confirm(&self, start: Instant) -> Option<(Slot, Result<Confirmed, BootError>)> {
        let slot = self.slot?;
        let mut attempts = 1;
        loop {
            let store = self.boot.clone();
            let confirmed = tokio::task::spawn_blocking(move || store.confirm(slot)).await;
            let confirmed = confirmed.unwrap_or_else(|error| Err(BootError::Stopped(error)));
            let over = start.elapsed() + self.interval >= self.timeout;
            if confirmed.is_ok() || (over && attempts >= CONFIRM_ATTEMPTS) {
                return Some((slot, confirmed));
            }
            attempts += 1;
            tokio::time::sleep(self.interval).await;
        }
    }
}

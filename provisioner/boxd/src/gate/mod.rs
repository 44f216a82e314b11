//! The health gate: is this boot good?
//!
//! Good means what a customer and an operator would mean by it: the
//! application answers `/ready` with 200 through TLS, under the very
//! certificate that is stored, and every unit of the box is active. Only then
//! is the running slot confirmed. The gate never reboots and never repairs.

mod https;
mod pin;
mod rauc;
mod ready;
mod systemctl;
mod verdict;

pub use https::ProbeError;
pub(crate) use https::serves;
pub use rauc::booted_slot;
pub use verdict::{GateError, Unready, Verdict, record};

use crate::command::CommandError;
use onebox_model::{ports, units};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What the gate asks and how long.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Where the application listens.
    pub address: SocketAddr,
    /// The stored certificate chain.
    pub chain: PathBuf,
    /// The program to ask about units.
    pub systemctl: PathBuf,
    /// The program to confirm the slot with.
    pub rauc: PathBuf,
    /// The slot this system runs from; `None` outside a slot.
    pub slot: Option<String>,
    /// How long to wait.
    pub timeout: Duration,
    /// How long between two looks.
    pub interval: Duration,
}

/// How often at least RAUC is asked to confirm a good boot.
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
    #[must_use]
    pub fn wait(&self) -> Verdict {
        let start = Instant::now();
        loop {
            let mut unready = self.application();
            // Units are asked last: starting a program is dear on a machine
            // that is busy booting, and a silent application says enough.
            let last = start.elapsed() + self.interval >= self.timeout;
            if unready.is_empty() || last {
                unready.extend(self.units());
            }
            if unready.is_empty() {
                let waited = start.elapsed();
                return Verdict::healthy(waited, self.confirm(start));
            }
            if last {
                return Verdict::unhealthy(start.elapsed(), unready);
            }
            std::thread::sleep(self.interval);
        }
    }

    /// One look, at the application and every unit; confirms nothing.
    #[must_use]
    pub fn look(&self) -> Vec<Unready> {
        let mut unready = self.application();
        unready.extend(self.units());
        unready
    }

    fn application(&self) -> Vec<Unready> {
        // The chain is read every time: it may be replaced while we wait.
        let url = format!("https://{}{}", self.address, ready::PATH);
        match https::get(self.address, ready::PATH, &self.chain) {
            Ok(answer) => ready::judge(&url, &answer),
            Err(error) => vec![Unready::new(&url, error)],
        }
    }

    fn units(&self) -> Vec<Unready> {
        let units = units::required_for_health();
        match systemctl::states(&self.systemctl, &units) {
            Ok(states) => states
                .into_iter()
                .filter(|(_, state)| state != systemctl::ACTIVE)
                .map(|(unit, state)| Unready::new(&unit, state))
                .collect(),
            Err(error) => vec![Unready::new("systemctl", error)],
        }
    }

    /// A bus that was too busy booting to start RAUC's service in time is asked
    /// again: a good boot must not count as a failed try.
    fn confirm(&self, start: Instant) -> Option<(String, Result<(), CommandError>)> {
        let slot = self.slot.clone()?;
        let mut attempts = 1;
        loop {
            let marked = rauc::mark_good(&self.rauc);
            let over = start.elapsed() + self.interval >= self.timeout;
            if marked.is_ok() || (over && attempts >= CONFIRM_ATTEMPTS) {
                return Some((slot, marked));
            }
            attempts += 1;
            std::thread::sleep(self.interval);
        }
    }
}

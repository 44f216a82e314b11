//! Systemd over D-Bus (org.freedesktop.systemd1(5)).
//!
//! [`Units`] is what the keeper needs of it: [`SystemBus`] is the real thing,
//! [`fake::Fake`] stands in for it in tests and writes down what it was asked.

mod bus;
pub mod fake;
mod properties;
mod proxy;
mod transient;

pub use bus::SystemBus;
pub use transient::{Ended, Transient};

use futures_util::future::BoxFuture;
use onebox_api::units::{UnitState, Verb};
use std::fmt::Debug;
use std::time::Duration;

/// How long a job may take when nobody says otherwise. PostgreSQL may need two
/// minutes to stop, and a start after a crash reads its log.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Systemd did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SystemdError {
    /// It cannot be asked, or refused.
    #[error(
        "systemd cannot {what}: {source}; see `systemctl status` and `journalctl -u dbus-broker`"
    )]
    Bus {
        /// What was asked.
        what: String,
        /// What came back.
        #[source]
        source: zbus::Error,
    },
    /// The job ended otherwise than asked.
    #[error(
        "{unit} could not be made to {verb}: the job ended as {result:?}; `journalctl -u {unit}` says why"
    )]
    Job {
        /// The unit.
        unit: String,
        /// What was asked.
        verb: &'static str,
        /// `failed`, `timeout`, `canceled`, `dependency`, … (`JobRemoved`).
        result: String,
    },
    /// The job goes on, nobody waits longer.
    #[error(
        "{unit} is still being made to {verb} after {seconds} s; `systemctl list-jobs` shows it"
    )]
    Slow {
        /// The unit.
        unit: String,
        /// What was asked.
        verb: &'static str,
        /// How long was waited.
        seconds: u64,
    },
}

/// Units and their jobs.
pub trait Units: Debug + Send + Sync {
    /// Does something with a unit and waits until it is done.
    fn act<'a>(&'a self, verb: Verb, unit: &'a str) -> BoxFuture<'a, Result<(), SystemdError>>;

    /// How a unit is. One that does not exist has the load state `not-found`.
    fn state<'a>(&'a self, unit: &'a str) -> BoxFuture<'a, Result<UnitState, SystemdError>>;

    /// Names of all units that are loaded.
    fn loaded(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>>;

    /// Names of all units that failed and stay so.
    fn failed(&self) -> BoxFuture<'_, Result<Vec<String>, SystemdError>>;

    /// Has systemd read its files again, generators included.
    fn reload_manager(&self) -> BoxFuture<'_, Result<(), SystemdError>>;

    /// Runs a program in a unit of its own and waits for its end.
    fn run<'a>(&'a self, unit: &'a Transient) -> BoxFuture<'a, Result<Ended, SystemdError>>;
}

/// How each of these units is, in their order.
///
/// # Errors
/// The first that cannot be asked.
pub async fn states(units: &dyn Units, names: &[String]) -> Result<Vec<UnitState>, SystemdError> {
    let mut states = Vec::with_capacity(names.len());
    for name in names {
        states.push(units.state(name).await?);
    }
    Ok(states)
}

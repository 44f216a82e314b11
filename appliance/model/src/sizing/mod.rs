//! What the machine can carry: every limit and pool, from memory and cores.
//!
//! The memory left after the system's reserve is dealt out in fixed shares
//! (see [`budget`]), and each service's settings are derived inside its own
//! share. So the sum fits by construction, more memory never means less of
//! anything, and one service never has to know another's formula.
//!
//! An operator's wish for more concurrency than memory allows is cut down and
//! reported in [`Sizing::notes`]; a box must not be configured to death.

pub mod app;
pub mod budget;
pub mod postgres;
pub mod redis;
pub mod units;

pub use app::{App, WORKER_CONNECTIONS, WorkerSizing};
pub use budget::Budget;
pub use postgres::Postgres;
pub use redis::Redis;
pub use units::UnitLimits;

use crate::config::Config;
use crate::machine::Machine;

/// Settings that follow from the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizing {
    /// How memory is dealt out.
    pub budget: Budget,
    /// The database server.
    pub postgres: Postgres,
    /// Cache and sessions.
    pub redis: Redis,
    /// The application's pools and concurrency.
    pub app: App,
    /// Limits of each unit.
    pub units: Vec<UnitLimits>,
    /// Wishes of the operator's file that were cut down, for the log.
    pub notes: Vec<String>,
}

impl Sizing {
    /// Computes the sizing of a machine under a configuration.
    #[must_use]
    pub fn for_machine(machine: &Machine, config: &Config) -> Self {
        let budget = Budget::of(machine, config);
        let mut notes = Vec::new();
        let app = App::size(machine, config, &mut notes);
        let postgres = Postgres::size(machine, &budget, &app);
        let redis = Redis::size(&budget, &app);
        let units = units::limits(&budget, &postgres, &redis, &app);
        Self {
            budget,
            postgres,
            redis,
            app,
            units,
            notes,
        }
    }
}

#[cfg(test)]
mod tests;

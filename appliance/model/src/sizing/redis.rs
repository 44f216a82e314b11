//! Redis' settings that follow from the machine.

use super::{App, Budget};
use crate::machine::MIB;

/// Sizes in bytes, counts as counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redis {
    /// Data it may hold.
    pub maxmemory: u64,
    /// Clients it serves at once.
    pub maxclients: u32,
}

/// The server itself, without data.
const BASE: u64 = 8 * MIB;

impl Redis {
    /// Two thirds of its share for data: while the log is rewritten, pages
    /// that change are held twice, half the data at worst in that short time.
    pub(super) fn size(budget: &Budget, app: &App) -> Self {
        let data = budget.redis.saturating_sub(BASE) / 3 * 2;
        Self {
            maxmemory: (data / MIB * MIB).max(8 * MIB),
            // Each process holds few multiplexed connections and one that
            // subscribes; the rest is for operators.
            maxclients: 128 + 4 * app.connections(),
        }
    }

    /// Memory in use at the worst moment of a rewrite.
    #[must_use]
    pub const fn peak(&self) -> u64 {
        BASE + self.maxmemory / 2 * 3
    }
}

//! PostgreSQL's settings that follow from the machine.

use super::{App, Budget};
use crate::machine::{MIB, Machine};

/// Sizes in bytes, counts as counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// Its own page cache.
    pub shared_buffers: u64,
    /// What the planner may assume to be cached, by whomever.
    pub effective_cache_size: u64,
    /// Memory of one sort or hash.
    pub work_mem: u64,
    /// Memory of one index build or manual vacuum.
    pub maintenance_work_mem: u64,
    /// Memory of one autovacuum worker.
    pub autovacuum_work_mem: u64,
    /// Tables vacuumed at once.
    pub autovacuum_max_workers: u32,
    /// Clients: the application's pools, backups and operators.
    pub max_connections: u32,
    /// Background workers of all kinds.
    pub max_worker_processes: u32,
    /// Parallel workers of all queries.
    pub max_parallel_workers: u32,
    /// Parallel workers of one query.
    pub max_parallel_workers_per_gather: u32,
    /// WAL between checkpoints.
    pub max_wal_size: u64,
    /// WAL files kept for reuse.
    pub min_wal_size: u64,
}

/// Connections beyond the application's: operator, doctor, backup, dump.
const OTHER_CONNECTIONS: u32 = 5;
/// Kept for the superuser, within `max_connections`.
pub const RESERVED_CONNECTIONS: u32 = 3;
/// Private memory of a backend between queries, catalogue caches included.
const BACKEND: u64 = 5 * MIB / 2;
/// Postmaster, writers, WAL buffers and lock tables.
const FIXED: u64 = 20 * MIB;
/// Without huge pages every backend maps shared buffers page by page; beyond
/// this the tables for that cost more than the page cache's second copy.
const MOST_SHARED_BUFFERS: u64 = 8 * 1024 * MIB;

impl Postgres {
    /// Memory in use when every connection is open and a quarter of them
    /// sort at once while maintenance and all autovacuum workers run.
    #[must_use]
    pub fn peak(&self) -> u64 {
        let connections = u64::from(self.max_connections);
        self.fixed() + self.maintenance() + connections * BACKEND + self.sorting() * self.work_mem
    }

    fn fixed(&self) -> u64 {
        self.shared_buffers + self.shared_buffers / 64 + FIXED
    }

    fn maintenance(&self) -> u64 {
        self.maintenance_work_mem
            + self.autovacuum_work_mem * u64::from(self.autovacuum_max_workers)
    }

    fn sorting(&self) -> u64 {
        u64::from(self.max_connections.div_ceil(4) + self.max_parallel_workers_per_gather)
    }

    pub(super) fn size(machine: &Machine, budget: &Budget, app: &App) -> Self {
        let total = machine.memory_bytes;
        let cores = machine.cores.max(1);
        let share = budget.postgres;
        let mut sizes = Self {
            shared_buffers: shared_buffers(total),
            effective_cache_size: floor_mib(share + (budget.available().saturating_sub(share)) / 4),
            work_mem: MIB,
            maintenance_work_mem: 0,
            autovacuum_work_mem: 0,
            autovacuum_max_workers: if cores <= 2 || total < 2048 * MIB {
                2
            } else {
                3
            },
            max_connections: app.connections() + OTHER_CONNECTIONS + RESERVED_CONNECTIONS,
            max_worker_processes: (cores.saturating_add(4)).clamp(8, 64),
            max_parallel_workers: cores.min(32),
            max_parallel_workers_per_gather: per_gather(total, cores),
            max_wal_size: floor_mib(total / 4).clamp(512 * MIB, 8192 * MIB),
            min_wal_size: floor_mib(total / 16).clamp(128 * MIB, 1024 * MIB),
        };
        let rest = share.saturating_sub(sizes.fixed());
        sizes.maintenance_work_mem = floor_mib(rest / 8).clamp(4 * MIB, 2048 * MIB);
        sizes.autovacuum_work_mem = floor_mib(rest / 16).clamp(2 * MIB, 1024 * MIB);
        sizes.work_mem = work_mem(&sizes, share, rest);
        sizes
    }
}

/// An eighth at 1 GiB, rising to a quarter at 4 GiB. Below 1 GiB the backends
/// themselves take a large part, and it falls to a sixteenth at 512 MiB.
fn shared_buffers(total: u64) -> u64 {
    let gib = 1024 * MIB;
    let eighth = (total / 8).saturating_sub(gib.saturating_sub(total) / 16);
    // Between 1 and 4 GiB each further byte adds 7/24 of a byte, which joins
    // 128 MiB at 1 GiB to 1 GiB at 4 GiB.
    let rising = eighth.min(gib / 8) + total.saturating_sub(gib).min(3 * gib) * 7 / 24;
    let beyond = total.saturating_sub(4 * gib) / 4;
    floor_mib(rising + beyond).clamp(32 * MIB, MOST_SHARED_BUFFERS)
}

/// Half the cores, and each such worker may sort: not on small machines.
fn per_gather(total: u64, cores: u32) -> u32 {
    let most: u32 = if total < 768 * MIB { 1 } else { 4 };
    (cores / 2).min(most)
}

fn work_mem(sizes: &Postgres, share: u64, rest: u64) -> u64 {
    let wanted = (rest / 48).min(32 * MIB);
    let backends = u64::from(sizes.max_connections) * BACKEND;
    let left = share.saturating_sub(sizes.fixed() + sizes.maintenance() + backends);
    let fits = left / sizes.sorting().max(1);
    // PostgreSQL takes kibibytes; below 1 MiB it would sort on disk all day.
    (wanted.min(fits) / 1024 * 1024).max(MIB)
}

const fn floor_mib(bytes: u64) -> u64 {
    bytes / MIB * MIB
}

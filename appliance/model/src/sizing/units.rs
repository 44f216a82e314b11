//! Limits of each unit, for its drop-in.
//!
//! `MemoryHigh=` is the share a service was promised: beyond it the kernel
//! reclaims and slows it down, the others keep theirs. `MemoryMax=` ends a
//! service that grows without bound before it ends its neighbours. PostgreSQL
//! gets more than its share, because the page cache its files fill is counted
//! against it and is what idle memory is best used for.

use super::{App, Budget, Postgres, Redis};
use crate::machine::MIB;
use crate::{queues, units};

/// Limits of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitLimits {
    /// The unit's name.
    pub unit: String,
    /// `MemoryHigh=` in bytes.
    pub memory_high: u64,
    /// `MemoryMax=` in bytes.
    pub memory_max: u64,
    /// `TasksMax=`: processes and threads.
    pub tasks_max: u32,
}

/// Below this a process with a runtime, TLS and a pool is throttled at rest.
const LEAST_HIGH: u64 = 32 * MIB;

pub(super) fn limits(
    budget: &Budget,
    postgres: &Postgres,
    redis: &Redis,
    app: &App,
) -> Vec<UnitLimits> {
    let mut all = Vec::new();
    if budget.postgres > 0 {
        let available = budget.available();
        all.push(UnitLimits {
            unit: units::POSTGRESQL.to_owned(),
            memory_high: available / 100 * 80,
            memory_max: available / 100 * 90,
            // Backends, parallel workers, autovacuum, the fixed processes.
            tasks_max: postgres.max_connections
                + postgres.max_worker_processes
                + postgres.autovacuum_max_workers
                + 24,
        });
    }
    if budget.redis > 0 {
        let high = budget.redis.max(redis.peak());
        all.push(UnitLimits {
            unit: units::REDIS.to_owned(),
            memory_high: high,
            // A rewrite under a storm of writes copies everything.
            memory_max: high.max(redis.maxmemory * 2) + 32 * MIB,
            tasks_max: 32,
        });
    }
    // Blocking threads of the runtime are for files and password hashes.
    all.push(process(units::WEB.to_owned(), budget.web, 512));
    for queue in queues::ALL {
        let tasks = 64 + 4 * app.worker(queue).concurrency;
        all.push(process(units::worker(queue), budget.worker(queue), tasks));
    }
    all.push(process(units::SCHEDULER.to_owned(), budget.scheduler, 64));
    all
}

fn process(unit: String, share: u64, tasks_max: u32) -> UnitLimits {
    let memory_high = share.max(LEAST_HIGH);
    UnitLimits {
        unit,
        memory_high,
        memory_max: memory_high / 2 * 3,
        tasks_max,
    }
}

//! Sizing at real machines' sizes, and properties at any size.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test helpers"
)]

use super::*;
use crate::machine::MIB;
use crate::queues::{self, QueueName};
use proptest::prelude::*;

fn size(memory_mib: u64, cores: u32) -> Sizing {
    Sizing::for_machine(&Machine::of(memory_mib, cores), &Config::default())
}

/// Everything asked for at the highest the configuration allows.
fn greedy() -> Config {
    let mut config = Config::default();
    for worker in [
        &mut config.workers.default,
        &mut config.workers.imports,
        &mut config.workers.emails,
        &mut config.workers.reports,
    ] {
        worker.concurrency = Some(crate::config::MAX_CONCURRENCY);
    }
    config
}

fn assert_fits(sizing: &Sizing) {
    let budget = &sizing.budget;
    assert!(budget.planned() <= budget.total, "{budget:?}");
    assert!(
        sizing.postgres.peak() <= budget.postgres,
        "PostgreSQL peaks at {} MiB of {}: {sizing:#?}",
        sizing.postgres.peak() / MIB,
        budget.postgres / MIB
    );
    assert!(sizing.redis.peak() <= budget.redis, "{sizing:#?}");
    for unit in &sizing.units {
        assert!(unit.memory_high < unit.memory_max, "{unit:?}");
        assert!(unit.memory_max < budget.total, "{unit:?}");
    }
}

#[test]
fn known_machines_get_known_settings() {
    // memory, cores → shared_buffers, work_mem (MiB), connections, web pool,
    // default/imports/emails/reports, Redis data (MiB)
    let table = [
        (1024, 1, 128, 5, 34, 4, [2, 1, 2, 1], 58),
        (1024, 2, 128, 5, 42, 8, [4, 1, 4, 1], 58),
        (2048, 2, 426, 8, 42, 8, [4, 1, 4, 1], 130),
        (4096, 4, 1024, 15, 60, 16, [8, 2, 8, 2], 276),
        (16384, 8, 4096, 32, 96, 32, [16, 4, 16, 4], 1149),
    ];
    for (memory, cores, shared, work, connections, web, jobs, redis) in table {
        let sizing = size(memory, cores);
        let got = (
            memory,
            cores,
            sizing.postgres.shared_buffers / MIB,
            sizing.postgres.work_mem / MIB,
            sizing.postgres.max_connections,
            sizing.app.web_pool,
            queues::ALL.map(|queue| sizing.app.worker(queue).concurrency),
            sizing.redis.maxmemory / MIB,
        );
        assert_eq!(
            got,
            (memory, cores, shared, work, connections, web, jobs, redis)
        );
    }
}

#[test]
fn everything_fits_on_usual_machines() {
    for memory in [1024, 2048, 4096, 16384] {
        for cores in 1..=8 {
            assert_fits(&size(memory, cores));
        }
    }
}

#[test]
fn a_one_gib_machine_as_the_kernel_reports_it_fits() {
    // The kernel keeps some 50 MiB for itself before MemTotal.
    let sizing = size(970, 2);
    assert_fits(&sizing);
    assert!(sizing.units.iter().all(|unit| unit.memory_high > 30 * MIB));
}

#[test]
fn limits_of_all_units_but_the_database_fit_together_from_one_gib_on() {
    for memory in [970, 1024, 2048, 4096, 16384, 262_144] {
        let sizing = size(memory, 4);
        let others: u64 = sizing
            .units
            .iter()
            .filter(|unit| unit.unit != crate::units::POSTGRESQL)
            .map(|unit| unit.memory_high)
            .sum();
        let sum = sizing.budget.system + sizing.budget.postgres + others;
        assert!(sum <= sizing.budget.total, "{memory}: {}", sum / MIB);
    }
}

#[test]
fn a_wish_beyond_memory_is_cut_down_and_said() {
    let sizing = Sizing::for_machine(&Machine::of(1024, 2), &greedy());
    assert_fits(&sizing);
    assert_eq!(sizing.notes.len(), 4);
    assert!(
        sizing
            .notes
            .iter()
            .any(|note| note.contains("workers.emails.concurrency = 64")),
        "{:?}",
        sizing.notes
    );
    assert!(size(1024, 2).notes.is_empty());
}

#[test]
fn a_wish_within_memory_is_granted() {
    let mut config = Config::default();
    config.workers.reports.concurrency = Some(3);
    let sizing = Sizing::for_machine(&Machine::of(2048, 1), &config);
    let worker = sizing.app.worker(QueueName::Reports);
    assert_eq!((worker.concurrency, worker.pool), (3, 6));
    assert!(sizing.notes.is_empty());
}

#[test]
fn a_database_elsewhere_leaves_no_local_limits() {
    let mut config = Config::default();
    config.database.url = Some("postgres://db.internal/shop".into());
    let sizing = Sizing::for_machine(&Machine::of(2048, 2), &config);
    assert!(
        sizing
            .units
            .iter()
            .all(|unit| unit.unit != crate::units::POSTGRESQL)
    );
}

#[test]
fn every_small_machine_fits_whatever_the_operator_wishes() {
    let (modest, greedy) = (Config::default(), greedy());
    for memory in 512..=4096 {
        for cores in [1, 2, 3, 4, 8, 256] {
            let machine = Machine::of(memory, cores);
            assert_fits(&Sizing::for_machine(&machine, &modest));
            assert_fits(&Sizing::for_machine(&machine, &greedy));
        }
    }
}

proptest! {
    #[test]
    fn any_machine_fits_whatever_the_operator_wishes(
        memory_bytes in 512 * MIB..=262_144 * MIB,
        cores in 1u32..=256,
    ) {
        let machine = Machine { memory_bytes, cores };
        assert_fits(&Sizing::for_machine(&machine, &Config::default()));
        assert_fits(&Sizing::for_machine(&machine, &greedy()));
    }

    #[test]
    fn more_memory_never_means_less(memory in 512u64..=262_143, more in 1u64..=65_536, cores in 1u32..=64) {
        let (less, more) = (size(memory, cores), size(memory + more, cores));
        prop_assert!(less.postgres.shared_buffers <= more.postgres.shared_buffers);
        prop_assert!(less.postgres.effective_cache_size <= more.postgres.effective_cache_size);
        prop_assert!(less.postgres.maintenance_work_mem <= more.postgres.maintenance_work_mem);
        prop_assert!(less.postgres.max_connections <= more.postgres.max_connections);
        prop_assert!(less.postgres.max_wal_size <= more.postgres.max_wal_size);
        prop_assert!(less.redis.maxmemory <= more.redis.maxmemory);
        prop_assert!(less.app.web_pool <= more.app.web_pool);
        for queue in queues::ALL {
            prop_assert!(less.app.worker(queue).concurrency <= more.app.worker(queue).concurrency);
        }
        for (a, b) in less.units.iter().zip(&more.units) {
            prop_assert!(a.memory_high <= b.memory_high && a.memory_max <= b.memory_max);
        }
    }

    #[test]
    fn more_cores_never_mean_less(memory in 512u64..=262_144, cores in 1u32..=63) {
        let (less, more) = (size(memory, cores), size(memory, cores + 1));
        prop_assert!(less.app.web_pool <= more.app.web_pool);
        prop_assert!(less.postgres.max_parallel_workers <= more.postgres.max_parallel_workers);
        for queue in queues::ALL {
            prop_assert!(less.app.worker(queue).concurrency <= more.app.worker(queue).concurrency);
        }
    }

    #[test]
    fn every_pool_has_its_connections(memory in 512u64..=262_144, cores in 1u32..=256) {
        let sizing = size(memory, cores);
        let workers: u32 = queues::ALL.iter().map(|queue| sizing.app.worker(*queue).pool).sum();
        let pools = sizing.app.web_pool + sizing.app.scheduler_pool + sizing.app.migrate_pool + workers;
        prop_assert!(pools + postgres::RESERVED_CONNECTIONS < sizing.postgres.max_connections);
        for queue in queues::ALL {
            let worker = sizing.app.worker(queue);
            prop_assert!(worker.pool > worker.concurrency);
        }
    }
}

//! The application's pools and concurrency.

use crate::config::Config;
use crate::machine::{MIB, Machine};
use crate::queues::{self, QueueName};

/// Database connections and concurrency of the application's processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Most database connections of the web process.
    pub web_pool: u32,
    /// Most database connections of the scheduler: its lease and its work.
    pub scheduler_pool: u32,
    /// Most database connections of a migration run.
    pub migrate_pool: u32,
    /// Bytes of products that the web process keeps as lists and details show
    /// them.
    pub shelf: usize,
    /// One for each of [`queues::ALL`], in that order.
    workers: [WorkerSizing; 4],
}

/// Connections of a worker beside its jobs' own: one listens, one renews
/// leases, one writes down how jobs ended. Without the last two, jobs that keep
/// their connections busy would lose their leases.
pub const WORKER_CONNECTIONS: u32 = 3;

/// Connections of the web process beside its pool: one flushes.
pub const WEB_CONNECTIONS: u32 = 1;

/// One queue's worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerSizing {
    /// The queue.
    pub queue: QueueName,
    /// Jobs done at once.
    pub concurrency: u32,
    /// Most database connections: one for each job, and its own.
    pub pool: u32,
}

impl App {
    /// The worker of a queue.
    #[must_use]
    pub fn worker(&self, queue: QueueName) -> WorkerSizing {
        let [default, imports, emails, reports] = self.workers;
        match queue {
            QueueName::Default => default,
            QueueName::Imports => imports,
            QueueName::Emails => emails,
            QueueName::Reports => reports,
        }
    }

    /// Connections all processes together may open.
    #[must_use]
    pub fn connections(&self) -> u32 {
        let workers: u32 = self.workers.iter().map(|worker| worker.pool).sum();
        self.web_pool + WEB_CONNECTIONS + self.scheduler_pool + self.migrate_pool + workers
    }

    pub(super) fn size(machine: &Machine, config: &Config, notes: &mut Vec<String>) -> Self {
        let workers = queues::ALL.map(|queue| {
            let concurrency = concurrency(queue, machine, config, notes);
            WorkerSizing {
                queue,
                concurrency,
                pool: concurrency + WORKER_CONNECTIONS,
            }
        });
        Self {
            web_pool: per_memory(machine, 128)
                .min(machine.cores.saturating_mul(4))
                .clamp(4, 40),
            scheduler_pool: 2,
            migrate_pool: 1,
            // Some 7,000 products in each on 1 GiB.
            shelf: usize::try_from(machine.memory_bytes / 128)
                .unwrap_or(usize::MAX)
                .clamp(4 * MIB as usize, 64 * MIB as usize),
            workers,
        }
    }
}

/// One for every so many mebibytes.
fn per_memory(machine: &Machine, mib: u64) -> u32 {
    u32::try_from(machine.memory_bytes / (mib * MIB)).unwrap_or(u32::MAX)
}

/// Jobs one queue may be told to do at once. The first quarter of a gibibyte
/// carries the system; a 1 GiB machine, some 970 MiB to us, gets four.
fn most_at_once(machine: &Machine) -> u32 {
    let memory_mib = (machine.memory_bytes / MIB).saturating_sub(256);
    u32::try_from(memory_mib / 176)
        .unwrap_or(u32::MAX)
        .clamp(1, crate::config::MAX_CONCURRENCY)
}

fn concurrency(
    queue: QueueName,
    machine: &Machine,
    config: &Config,
    notes: &mut Vec<String>,
) -> u32 {
    let most = most_at_once(machine);
    let cores = machine.cores;
    let default = match queue {
        // Mixed work: some wait, some compute.
        QueueName::Default => cores.saturating_mul(2).clamp(1, 16),
        // Heavy on memory and processor: leave cores to the web process.
        QueueName::Imports | QueueName::Reports => (cores / 2).clamp(1, 8),
        // Waiting on mail servers, hardly on the processor.
        QueueName::Emails => cores.saturating_mul(2).clamp(2, 16),
    };
    match config.workers.get(queue).concurrency {
        Some(wanted) if wanted > most => {
            notes.push(format!(
                "workers.{queue}.concurrency = {wanted} asks for more than {} MiB of memory carry; {most} is used",
                machine.memory_bytes / MIB
            ));
            most
        }
        Some(wanted) => wanted.max(1),
        None => default.min(most),
    }
}

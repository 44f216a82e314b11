//! How memory is dealt out among the services of a box.

use crate::config::Config;
use crate::machine::{MIB, Machine};
use crate::queues::QueueName;

/// Planned memory of each service in bytes. The sum never exceeds the
/// machine's; what large machines have beyond the caps is page cache, which
/// serves PostgreSQL best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The machine's memory.
    pub total: u64,
    /// Kernel, systemd, journal, SSH, the keeper.
    pub system: u64,
    /// PostgreSQL, shared buffers included.
    pub postgres: u64,
    /// Redis, with the copies a rewrite of its log makes.
    pub redis: u64,
    /// The web process.
    pub web: u64,
    /// The scheduler.
    pub scheduler: u64,
    /// The worker of queue `default`.
    pub worker_default: u64,
    /// The worker of queue `imports`.
    pub worker_imports: u64,
    /// The worker of queue `emails`.
    pub worker_emails: u64,
    /// The worker of queue `reports`.
    pub worker_reports: u64,
}

/// Shares of what the system leaves, in thousandths. They sum to 1000.
mod share {
    pub(super) const POSTGRES: u64 = 470;
    pub(super) const REDIS: u64 = 110;
    pub(super) const WEB: u64 = 160;
    pub(super) const SCHEDULER: u64 = 40;
    pub(super) const WORKER_DEFAULT: u64 = 50;
    // Imports and reports hold whole documents in memory.
    pub(super) const WORKER_IMPORTS: u64 = 65;
    pub(super) const WORKER_EMAILS: u64 = 40;
    pub(super) const WORKER_REPORTS: u64 = 65;
}

impl Budget {
    pub(super) fn of(machine: &Machine, config: &Config) -> Self {
        let total = machine.memory_bytes;
        let system = (128 * MIB + total / 32).min(1024 * MIB).min(total);
        let available = total - system;
        let part = |share: u64, cap_mib: u64| (available / 1000 * share).min(cap_mib * MIB);
        let local = |is_local: bool, bytes: u64| if is_local { bytes } else { 0 };
        let worker = |share: u64| part(share, 4096);
        Self {
            total,
            system,
            postgres: local(
                config.database.is_local(),
                available / 1000 * share::POSTGRES,
            ),
            redis: local(config.redis.is_local(), part(share::REDIS, 16 * 1024)),
            web: part(share::WEB, 4096),
            scheduler: part(share::SCHEDULER, 256),
            worker_default: worker(share::WORKER_DEFAULT),
            worker_imports: worker(share::WORKER_IMPORTS),
            worker_emails: worker(share::WORKER_EMAILS),
            worker_reports: worker(share::WORKER_REPORTS),
        }
    }

    /// The worker of a queue.
    #[must_use]
    pub const fn worker(&self, queue: QueueName) -> u64 {
        match queue {
            QueueName::Default => self.worker_default,
            QueueName::Imports => self.worker_imports,
            QueueName::Emails => self.worker_emails,
            QueueName::Reports => self.worker_reports,
        }
    }

    /// Everything that is planned, the system's reserve included.
    #[must_use]
    pub const fn planned(&self) -> u64 {
        self.system
            + self.postgres
            + self.redis
            + self.web
            + self.scheduler
            + self.worker_default
            + self.worker_imports
            + self.worker_emails
            + self.worker_reports
    }

    /// What the system's reserve leaves.
    #[must_use]
    pub const fn available(&self) -> u64 {
        self.total.saturating_sub(self.system)
    }
}

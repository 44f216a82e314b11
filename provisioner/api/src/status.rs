//! The box on one screen.

use crate::reconcilers::ReconcilerStatus;
use crate::units::UnitState;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET`: a [`Status`].
pub const STATUS: &str = "/v1/status";

/// How the box is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// When this was looked at.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Its host name.
    pub host: String,
    /// The names it serves, the first is the canonical one.
    pub domains: Vec<String>,
    /// Version of the image; absent outside a box.
    pub image: Option<String>,
    /// The slot that runs, `A` or `B`; absent outside a box.
    pub slot: Option<String>,
    /// Seconds since the kernel started.
    pub uptime_seconds: u64,
    /// Where the configuration in force is from: `generation`, and before there
    /// is one `file`, `last_good`, `defaults`.
    pub config_source: String,
    /// The generation in force.
    pub generation: Option<u64>,
    /// What is wrong with the operator's file.
    pub config_errors: Vec<String>,
    /// Changes of the operator's file that are not applied; absent when that
    /// cannot be said.
    pub pending_changes: Option<u64>,
    /// The units that a healthy box needs.
    pub units: Vec<UnitState>,
    /// Certificates that are stored.
    pub certificates: Vec<Certificate>,
    /// Backups; absent until they are set up.
    pub backup: Option<Backup>,
    /// The job queues; absent when PostgreSQL does not answer.
    pub queues: Option<Vec<Queue>>,
    /// Why they are absent.
    pub queues_error: Option<String>,
    /// File systems with state.
    pub disks: Vec<DiskUse>,
    /// Memory.
    pub memory: Memory,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Processors.
    pub cores: u64,
    /// The keeper's recurring work.
    pub reconcilers: Vec<ReconcilerStatus>,
}

/// A stored certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its directory.
    pub path: String,
    /// The names it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Whether it was signed on the box, by itself or by the box's own authority.
    pub self_signed: bool,
    /// From when it holds.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Whole days until then; negative once it is over.
    pub days_left: i64,
}

/// The state of backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// When the last one ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last: Option<OffsetDateTime>,
    /// When one was last restored to try it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_drill: Option<OffsetDateTime>,
}

/// A job queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Jobs that could run now.
    pub due: i64,
    /// Jobs that run.
    pub running: i64,
    /// Jobs that were given up.
    pub dead: i64,
    /// Seconds that the oldest due job waits.
    pub oldest_due_seconds: Option<i64>,
}

/// How full a file system is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskUse {
    /// Where it is mounted.
    pub path: String,
    /// Its size, in bytes.
    pub total_bytes: u64,
    /// What is free for everybody, in bytes.
    pub free_bytes: u64,
    /// How many files it can have; 0 where there is no limit.
    pub total_inodes: u64,
    /// How many more.
    pub free_inodes: u64,
}

/// How much memory is in use (proc_meminfo(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In bytes.
    pub total_bytes: u64,
    /// What could be had without swapping, in bytes.
    pub available_bytes: u64,
    /// Swap, in bytes.
    pub swap_total_bytes: u64,
    /// Free swap, in bytes.
    pub swap_free_bytes: u64,
    /// Processes that the kernel ended for want of memory, since it started.
    pub oom_kills: u64,
}

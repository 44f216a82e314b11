//! What can go wrong with upgrades.

use crate::backups::BackupError;
use crate::disk::DiskError;
use crate::systemd::SystemdError;

/// An upgrade, or a look at one, failed.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// One at a time.
    #[error("{0} is under way; `boxctl upgrade status` shows how far it is")]
    Busy(String),
    /// There is nothing to do it with, or nothing to do.
    #[error("{0}")]
    Refused(String),
    /// What was looked at before says that it cannot be done.
    #[error("this release is not installed, and nothing was changed:\n{}", .0.join("\n"))]
    Obstacles(Vec<String>),
    /// The channel cannot be read.
    #[error("the channel {address} cannot be used: {why}")]
    Channel {
        /// Its address.
        address: String,
        /// Why.
        why: String,
    },
    /// RAUC refused or failed.
    #[error("RAUC cannot {what}: {said}; `journalctl -u rauc` has the whole of it")]
    Rauc {
        /// What was asked.
        what: &'static str,
        /// What it said.
        said: String,
    },
    /// The boot loader's state cannot be read or written.
    #[error("{0}")]
    Boot(String),
    /// The backup before failed.
    #[error(
        "no backup could be made before the upgrade, and nothing was changed: {0}; `--no-backup` goes on without one"
    )]
    Backup(BackupError),
    /// A program failed.
    #[error("{0}")]
    Program(String),
    /// The system refused.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Systemd refused.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
}

impl UpgradeError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

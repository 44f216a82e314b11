//! What can go wrong with backups.

use crate::disk::DiskError;
use crate::systemd::SystemdError;

/// A backup, a restore or a look at them failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to do it with.
    #[error("{0}")]
    Off(&'static str),
    /// One at a time.
    #[error(
        "{0} is under way, and only one of backup, restore, drill, verify and prune runs at a time; `boxctl backup list` shows when it is over"
    )]
    Busy(String),
    /// A repository that is not configured.
    #[error("there is no repository {asked:?}; this box has {known}")]
    NoRepository {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: String,
    },
    /// pgBackRest, or a server that recovers, failed.
    #[error("{what} failed: {said}; the whole of it is in {log}")]
    Program {
        /// What was to be done.
        what: String,
        /// What it said.
        said: String,
        /// Where it said it.
        log: String,
    },
    /// A backup is newer than now.
    #[error(
        "no backup can be made in {repository}, because the newest there, {label}, is from the future: the clock was wrong then, or is now (`timedatectl`). If it was wrong then, `boxctl backup drop {label} --repository {repository}` makes way"
    )]
    Future {
        /// Where.
        repository: &'static str,
        /// Which backup.
        label: String,
    },
    /// pgBackRest said something that is not understood.
    #[error("pgBackRest's answer is not understood: {0}")]
    Answer(String),
    /// PostgreSQL cannot be asked.
    #[error("PostgreSQL cannot {doing}: {source}; see `journalctl -u postgresql`")]
    Database {
        /// What was asked.
        doing: &'static str,
        /// What came back.
        #[source]
        source: sqlx::Error,
    },
    /// The state asked for cannot be had.
    #[error("{0}")]
    Unreachable(String),
    /// It would not fit.
    #[error(
        "{place} has {free} MB free, and {what} needs {needs} MB; make room (`boxctl doctor --only disk` says what is large), nothing was changed"
    )]
    Space {
        /// Where.
        place: String,
        /// For what.
        what: &'static str,
        /// What is free.
        free: u64,
        /// What is needed.
        needs: u64,
    },
    /// The box with the restored data is not healthy.
    #[error("the box is not healthy with the restored data, so the data of before are back: {0}")]
    Unhealthy(String),
    /// Not even the way back worked.
    #[error("the restore failed ({why}), and the data of before could not be put back: {error}")]
    Stuck {
        /// What failed first.
        why: String,
        /// What failed then.
        error: String,
    },
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
    /// A secret cannot be read.
    #[error("{0}")]
    Secret(String),
}

impl BackupError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(super) const fn database(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { doing, source }
    }
}

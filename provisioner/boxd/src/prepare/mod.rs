//! What must be there before any service starts.
//!
//! Steps run in order and each stands for itself: when one fails the others
//! are still done, because a box without a certificate but with SSH can be
//! repaired, the other way round it can't. Every step may be run again, makes
//! only what is missing, and may be interrupted anywhere.

mod admin;
mod backup_keys;
pub(crate) mod certificate;
mod directories;
mod generations;
mod host_key;
mod names;
mod operator_file;
mod render;
mod seal_keys;
mod status;

pub use generations::adopt;

use crate::disk::{Change, Disk, DiskError, Lock};
use crate::effective;
use crate::local_ca::LocalCaError;
use onebox_model::{Machine, paths};
use std::fmt;
use std::path::PathBuf;
use time::OffsetDateTime;

/// What a run takes from outside, so that tests can give something else.
#[derive(Clone, Debug)]
pub struct World {
    /// The time.
    pub now: OffsetDateTime,
    /// The machine's name.
    pub hostname: String,
    /// The machine's size.
    pub machine: Machine,
    /// Where systemd put the credentials of this boot.
    pub credentials: Option<PathBuf>,
}

/// One thing that was looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What had to be done.
    pub change: Change,
    /// To what.
    pub path: String,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.change, self.path)
    }
}

/// A step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A file can't be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The box's own authority gave no certificate.
    #[error(transparent)]
    Certificate(#[from] LocalCaError),
    /// A generation can't be read or written.
    #[error(transparent)]
    Generation(#[from] crate::generations::StoreError),
    /// No key came out of the generator.
    #[error("{0}")]
    HostKey(String),
    /// No random numbers.
    #[error("the kernel gave no random numbers for a password or key: {0}; reboot to try again")]
    Random(rustix::io::Errno),
    /// Something could not be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Some steps failed; the others were done.
#[derive(Debug, thiserror::Error)]
#[error("not everything is prepared, services that need it will not start:\n{}", list(.0))]
pub struct PrepareError(Vec<(&'static str, StepError)>);

fn list(failures: &[(&'static str, StepError)]) -> String {
    let lines: Vec<String> = failures
        .iter()
        .map(|(step, error)| format!("{step}: {error}"))
        .collect();
    lines.join("\n")
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    /// What was looked after, in order.
    pub done: Vec<Done>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    failures: Vec<(&'static str, StepError)>,
}

impl Report {
    /// Whether every step was done.
    ///
    /// # Errors
    /// Names the steps that failed and why.
    pub fn outcome(self) -> Result<(), PrepareError> {
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err(PrepareError(self.failures))
        }
    }

    fn note(&mut self, path: &str, change: Change) {
        self.done.push(Done {
            change,
            path: path.to_owned(),
        });
    }

    fn step(&mut self, name: &'static str, step: impl FnOnce(&mut Self) -> Result<(), StepError>) {
        if let Err(error) = step(self) {
            self.failures.push((name, error));
        }
    }
}

/// Does every step.
#[must_use]
pub fn prepare(disk: &Disk, world: &World) -> Report {
    let mut report = Report::default();
    report.step("directories", |report| directories::make(disk, report));
    // Without the lock's directory every later step fails and says so.
    let _lock: Option<Lock> = match disk.lock(paths::STATE_DIR) {
        Ok(lock) => Some(lock),
        Err(error) => {
            report.failures.push(("lock", error.into()));
            None
        }
    };
    report.step("operator's file", |report| {
        operator_file::create(disk, report)
    });
    report.step("interrupted change", |report| {
        generations::recover(disk, report)
    });
    report.step("first generation", |report| {
        generations::first(disk, &effective::choose(disk), report)
    });
    let chosen = effective::choose(disk);
    report.warnings.extend(chosen.warning());
    let config = &chosen.config;
    report.step("SSH host key", |report| host_key::ensure(disk, report));
    report.step("configuration", |report| {
        render::render(disk, world, &chosen, report)
    });
    report.step("certificate", |report| {
        let now = (world.now, world.hostname.as_str());
        certificate::ensure(disk, now, config, report)
    });
    report.step("first administrator", |report| {
        admin::ensure(disk, config, report)
    });
    report.step("keys of the database's secrets", |report| {
        seal_keys::ensure(disk, report)
    });
    report.step("keys of backups", |report| {
        backup_keys::ensure(disk, config, report)
    });
    report.step("last good copy", |report| {
        operator_file::remember(disk, &chosen, report)
    });
    report.step("status", |report| status::write(disk, &chosen, report));
    report
}

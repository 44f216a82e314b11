//! What keeps the boot state from being read or changed.

use super::slot::Slot;
use std::io;
use std::path::PathBuf;

/// The boot state can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The system refused.
    #[error("cannot {what} {}: {source}; is the EFI system partition mounted and writable?", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is nothing to make a nonce of.
    #[error("the kernel gives no random numbers: {0}")]
    Random(#[source] io::Error),
    /// The work was not done to its end.
    #[error("the boot state was not written to its end: {0}")]
    Stopped(#[source] tokio::task::JoinError),
    /// The committed slot has proven itself already.
    #[error("slot {0} is the committed one and cannot be put on trial; write the new version to slot {other}", other = .0.other())]
    TrialOfCommitted(Slot),
}

//! What a measurement fails with.

use std::{io, path::Path, path::PathBuf, time::Duration};

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The virtual machine.
    #[error(transparent)]
    Vm(#[from] onebox_vm::Error),
    /// A file or a port of this machine.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The operation.
        doing: &'static str,
        /// What it was about.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The box or the bare system did not come up.
    #[error("{what} did not happen within {} s; see {}", limit.as_secs(), log.display())]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: Duration,
        /// The serial log.
        log: PathBuf,
    },
    /// A command on the box answered something else than expected.
    #[error("`{command}` on the box answered {answer:?}")]
    Answer {
        /// The command.
        command: &'static str,
        /// What it said.
        answer: String,
    },
    /// The report is no JSON.
    #[error("cannot write the report as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Gives an I/O error what it was about.
pub(crate) trait IoContext<T> {
    /// Names the operation (a verb) and the path.
    fn at(self, doing: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            doing,
            path: path.into(),
            source,
        })
    }
}

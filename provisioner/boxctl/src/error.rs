//! What `boxctl` tells when it fails: one line each.

use std::io;
use std::path::PathBuf;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The virtual machine could not be handled.
    #[error(transparent)]
    Vm(#[from] onebox_vm::Error),
    /// `boxd` could not be asked, or refused.
    #[error(transparent)]
    Keeper(#[from] onebox_api::client::ClientError),
    /// A release could not be made, signed or published.
    #[error(transparent)]
    Release(#[from] crate::release::Trouble),
    /// There is no such unit.
    #[error(transparent)]
    Unit(onebox_model::units::UnknownUnit),
    /// The tool of a component could not be run.
    #[error(
        "cannot run {program}: {source}; this command is for a box, `boxctl vm ssh -- boxctl …` runs it in one"
    )]
    Program {
        /// The program.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The terminal or a stream failed.
    #[error("cannot {doing}: {source}")]
    Io {
        /// The operation.
        doing: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of the box can't be read.
    #[error("cannot read {}: {source}; {fix}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
        /// What to do.
        fix: &'static str,
    },
    /// A recovery kit is not understood.
    #[error("{} is no recovery kit: {why}", path.display())]
    Kit {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// There is no such backup.
    #[error("there is no backup {0:?}; `boxctl backup list` shows what there is")]
    NoBackup(String),
    /// A file can't be written.
    #[error("cannot write {}: {source}; name another file", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of the box has unexpected content.
    #[error("{origin} is not what it should be: {source}")]
    Content {
        /// Where it came from.
        origin: String,
        /// The parser's reason.
        source: serde_json::Error,
    },
    /// The operator's file has mistakes, one line each.
    #[error("{0}")]
    Config(onebox_model::ConfigError),
    /// A draft of the operator's file was not saved.
    #[error("nothing was saved: {why}; your draft is {}", draft.display())]
    Draft {
        /// The reason.
        why: &'static str,
        /// Where the draft is.
        draft: PathBuf,
    },
    /// A question was not answered with yes, or there was nobody to ask.
    #[error("nothing was done: {0}")]
    NotConfirmed(&'static str),
    /// The box did not get ready.
    #[error("the box did not get ready within {seconds} s ({last}); its serial log is {}", log.display())]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// The last that was seen.
        last: String,
        /// The log to read.
        log: PathBuf,
    },
}

/// Gives an I/O error the operation it belongs to.
pub(crate) trait IoContext<T> {
    /// Names the operation.
    fn doing(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Io { doing, source })
    }
}

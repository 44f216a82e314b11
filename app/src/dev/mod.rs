//! Development without the image: private PostgreSQL and Redis servers of the
//! machine's own binaries, in a directory that may be thrown away. They listen
//! on sockets in it only, and end with this process, however that ends.

pub mod keeper;
pub mod postgres;
pub mod redis;
pub mod reload;

use std::io;
use std::path::PathBuf;

/// Development servers cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The machine lacks a program.
    #[error("there is no {program} on this machine; install it with: apt install {package}")]
    Missing {
        /// The program.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A directory or file cannot be had.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A socket's path would be too long for the system.
    #[error("{} is too long a path for a socket; give --dir with a shorter one", .0.display())]
    Path(PathBuf),
    /// A program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it said, and what may help.
        said: String,
    },
    /// PostgreSQL does not run as root, and there is no account for it.
    #[error(
        "PostgreSQL does not run as root and there is no account \"postgres\" to run it as; run this as another user"
    )]
    NoAccount,
}

/// Says what was being done with which file when the system refused.
fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> DevError {
    let path = path.into();
    move |source| DevError::File {
        action,
        path,
        source,
    }
}

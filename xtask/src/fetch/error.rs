//! How a download fails: each message names the package, what was expected,
//! what was found and what to do.

use crate::files::FileError;

/// A download that failed for good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    /// The mirror does not have it.
    #[error(
        "{label}: {url} is gone from the mirror (404): run `cargo xtask lock` to move to what the mirror has, or pass \
         --mirror URL with a snapshot that still has it"
    )]
    Gone {
        /// The package.
        label: String,
        /// Where it should be.
        url: String,
    },
    /// The mirror refuses.
    #[error(
        "{label}: {url}: expected status 200, found {status}: try again later or pass --mirror URL"
    )]
    Status {
        /// The package.
        label: String,
        /// Where it should be.
        url: String,
        /// The answer.
        status: u16,
    },
    /// The connection ends early, time and again.
    #[error(
        "{label}: {url}: expected {expected} bytes, found {found} ({attempts} attempts): the mirror sends it cut short; pass --mirror URL"
    )]
    Short {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// Bytes in the lock.
        expected: u64,
        /// Bytes that came.
        found: u64,
        /// How often it was tried.
        attempts: u32,
    },
    /// The file is longer than it should be.
    #[error(
        "{label}: {url}: expected {expected} bytes, found more: the mirror's file is not the locked one; pass --mirror URL"
    )]
    Long {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// Bytes in the lock.
        expected: u64,
    },
    /// The bytes are not those of the lock.
    #[error(
        "{label}: {url}: expected SHA-256 {expected}, found {found}: the mirror's file is not the locked one; it was \
         deleted. Pass --mirror URL, or run `cargo xtask lock` if the archive replaced it"
    )]
    Hash {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// The lock's hash.
        expected: String,
        /// The file's hash.
        found: String,
    },
    /// No connection, time and again.
    #[error("{label}: cannot download {url} ({attempts} attempts): {problem}")]
    Transport {
        /// The package.
        label: String,
        /// Where it is.
        url: String,
        /// What the last attempt met.
        problem: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The file could not be written here.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another download failed first.
    #[error("{0}: not downloaded, because another download failed")]
    Stopped(String),
}

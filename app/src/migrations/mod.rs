//! The schema: which migrations this binary carries, and how they are applied.
//!
//! The runner is our own and not sqlx's for three reasons: sqlx refuses a
//! database that is ahead of the binary, which makes going back to the
//! previous release impossible; it has no notion of "ahead, but compatible";
//! and embedding its migrations needs its macros, which cost more compile
//! time than this folder has lines. Rules:
//!
//! - a migration runs in a transaction, under a lock that lets one runner in;
//! - what is applied is recorded with its checksum and its revert, so that an
//!   older binary can revert what a newer one applied;
//! - a migration states the oldest schema whose programs still work after it
//!   (`-- compatible-from: N`); without that line it is itself, for expanding
//!   changes it is N−1. Programs accept a newer schema that includes them.

pub mod failure;
pub mod gate;
mod list;
pub mod runner;
pub mod state;
pub mod status;

pub use list::{ALL, Migration};

/// The schema this binary was written for.
#[must_use]
pub fn current() -> i32 {
    ALL.last().map_or(0, |migration| migration.version)
}

//! The command line.

use clap::{Parser, Subcommand};

use crate::{fetch::FetchArgs, lock::LockArgs};

/// Developer tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// The tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Refresh nix/debian.lock.json from the Debian archive.
    Lock(LockArgs),
    /// Bring everything the build is made of into the Nix store.
    Fetch(FetchArgs),
}

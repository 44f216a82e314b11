//! The command line.

use clap::{Parser, Subcommand};

use crate::{
    bench::BenchArgs,
    build::{BuildArgs, NixArgs},
    css::CssArgs,
    fetch::FetchArgs,
    lock::LockArgs,
    run::RunArgs,
    setup::SetupArgs,
    suite::{SoakArgs, TestArgs},
};

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
    /// Build the image and bring the box up in a virtual machine.
    Run(RunArgs),
    /// Run every test there is, and print the counts.
    Test(TestArgs),
    /// Cut the power of a box in the middle of upgrades, and try every bad release.
    Soak(SoakArgs),
    /// Measure image size, boot time and memory.
    Bench(BenchArgs),
    /// Refresh nix/debian.lock.json from the Debian archive.
    Lock(LockArgs),
    /// Bring everything the build is made of into the Nix store.
    Fetch(FetchArgs),
    /// Install what this machine lacks.
    Setup(SetupArgs),
    /// Compile the style sheet of the pages.
    Css(CssArgs),
    /// Check that this machine can build the image.
    Preflight,
    /// Fetch, then build attributes of the flake into target/nix/.
    Build(BuildArgs),
    /// Run nix in the environment the other tasks use.
    Nix(NixArgs),
}

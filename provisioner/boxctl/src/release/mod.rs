//! `boxctl release`: makes, signs and publishes releases, on a maker's machine
//! and not on a box.
//!
//! [`keys`] are made once, [`build`], [`sign`] and [`publish`] follow each other
//! for every release, [`refresh`] keeps a channel's date fresh in between.
//! [`folder`] says which files are where; [`rauc`] runs the program that makes
//! and checks bundles. A private key is read from its file and goes nowhere else.

mod build;
mod channel;
mod check;
mod delta;
mod files;
mod folder;
mod keys;
mod publish;
mod rauc;
mod refresh;
mod sign;
mod trouble;

pub(crate) use trouble::Trouble;

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::Error;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Root and signing keys: make, certify, revoke, show
    #[command(subcommand)]
    Keys(keys::Command),
    Build(build::Build),
    Sign(sign::Sign),
    Publish(publish::Publish),
    Refresh(refresh::Refresh),
    Check(check::Check),
    Delta(delta::Delta),
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Keys(command) => command.run(),
            Self::Build(build) => build.run(),
            Self::Sign(sign) => sign.run(),
            Self::Publish(publish) => publish.run(),
            Self::Refresh(refresh) => refresh.run(),
            Self::Check(check) => check.run(),
            Self::Delta(delta) => delta.run(),
        }
    }
}

/// The time, which everything below `boxctl release` is told.
fn now() -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc()
}

//! The commands and their options.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::{admin, config, version, vm};

/// Runs and operates a Onebox.
#[derive(Debug, Parser)]
#[command(name = "boxctl", disable_version_flag = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a box in a virtual machine on this computer
    #[command(subcommand)]
    Vm(vm::Command),
    /// The operator's file: check, show, edit
    #[command(subcommand)]
    Config(config::Command),
    /// The box's first administrator (on the box, as root)
    #[command(subcommand)]
    Admin(admin::Command),
    /// Show the versions of this command and, on a box, of its image
    Version(version::Args),
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self.command {
            Command::Vm(command) => command.run(),
            Command::Config(command) => command.run(),
            Command::Admin(command) => command.run(),
            Command::Version(args) => args.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_consistent() {
        super::Cli::command().debug_assert();
    }
}

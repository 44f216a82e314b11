//! The commands and their options.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::direct::{logs, psql, redis, shell};
use crate::error::Error;
use crate::{
    admin, alert, backup, cert, change, config, doctor, reconciler, release, reset, secret,
    service, status, upgrade, version, vm,
};

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
    Status(status::Args),
    Doctor(doctor::Doctor),
    SupportBundle(doctor::SupportBundle),
    Plan(change::Plan),
    Apply(change::Apply),
    History(change::History),
    Undo(change::Undo),
    Confirm(change::Confirm),
    /// Passwords and keys that the operator's file only names
    #[command(subcommand)]
    Secret(secret::Command),
    /// The box's units: list, start, stop, restart, …
    #[command(subcommand)]
    Service(service::Command),
    Logs(logs::Args),
    Psql(psql::Args),
    Redis(redis::Args),
    Shell(shell::Args),
    /// The keeper's recurring work: what it did, and doing it now
    #[command(subcommand)]
    Reconciler(reconciler::Command),
    /// Certificates: show, order, renew, revoke, and look what is in the way
    #[command(subcommand)]
    Cert(cert::Command),
    /// Backups: make, list, verify, practise a restore, drop old ones
    #[command(subcommand)]
    Backup(backup::Command),
    Restore(backup::Restore),
    RecoveryKit(backup::RecoveryKit),
    Upgrade(upgrade::Upgrade),
    Rollback(upgrade::Rollback),
    FactoryReset(reset::FactoryReset),
    /// Who is told when something is wrong: show, test
    #[command(subcommand)]
    Alert(alert::Command),
    /// The operator's file: check, show, edit
    #[command(subcommand)]
    Config(config::Command),
    /// The box's first administrator (on the box, as root)
    #[command(subcommand)]
    Admin(admin::Command),
    /// Releases, on a maker's machine: keys, build, sign, publish
    #[command(subcommand)]
    Release(release::Command),
    /// Show the versions of this command and, on a box, of its image
    Version(version::Args),
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self.command {
            Command::Vm(command) => command.run(),
            Command::Status(args) => args.run(),
            Command::Doctor(args) => args.run(),
            Command::SupportBundle(args) => args.run(),
            Command::Plan(args) => args.run(),
            Command::Apply(args) => args.run(),
            Command::History(args) => args.run(),
            Command::Undo(args) => args.run(),
            Command::Confirm(args) => args.run(),
            Command::Secret(command) => command.run(),
            Command::Service(command) => command.run(),
            Command::Logs(args) => args.run(),
            Command::Psql(args) => args.run(),
            Command::Redis(args) => args.run(),
            Command::Shell(args) => args.run(),
            Command::Reconciler(command) => command.run(),
            Command::Cert(command) => command.run(),
            Command::Backup(command) => command.run(),
            Command::Restore(args) => args.run(),
            Command::RecoveryKit(args) => args.run(),
            Command::Upgrade(args) => args.run(),
            Command::Rollback(args) => args.run(),
            Command::FactoryReset(args) => args.run(),
            Command::Alert(command) => command.run(),
            Command::Config(command) => command.run(),
            Command::Admin(command) => command.run(),
            Command::Release(command) => command.run(),
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

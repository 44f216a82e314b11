//! `boxctl vm`: a box in a virtual machine on this computer.
//!
//! One file a command; [`select`] says which machine is meant, [`progress`]
//! shows how a start goes, [`report`] collects what is told about a machine.

mod console;
mod down;
mod list;
mod progress;
mod report;
mod reset;
mod select;
mod ssh;
mod status;
mod trouble;
mod up;

pub(crate) use progress::Progress;
pub(crate) use select::Select;

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::Error;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the box and wait until it is ready
    Up(up::Args),
    /// Shut the box down
    Down(down::Args),
    /// Log in to the box, or run a command there
    Ssh(ssh::Args),
    /// Attach to the box's serial line (Ctrl-] detaches)
    Console(console::Args),
    /// Erase the virtual machine with all its data
    Reset(reset::Args),
    /// Show one virtual machine
    Status(status::Args),
    /// Show all virtual machines of this user
    List(list::Args),
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Up(args) => args.run(),
            Self::Down(args) => args.run(),
            Self::Ssh(args) => args.run(),
            Self::Console(args) => args.run(),
            Self::Reset(args) => args.run(),
            Self::Status(args) => args.run(),
            Self::List(args) => args.run(),
        }
    }
}

//! `boxctl shell`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::ValueEnum;

use super::become_program;
use crate::error::Error;

/// Whose shell.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Account {
    /// The application
    Wizamart,
    /// The database server
    Postgres,
    /// The cache server
    Redis,
}

/// Open a shell as one of the box's accounts (runs runuser(1), as root)
///
/// `boxctl shell -- -c 'wizamart jobs queues'` runs one command.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose
    #[arg(long, value_enum, default_value_t = Account::Wizamart)]
    user: Account,
    /// What the shell is given besides
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let user = match self.user {
            Account::Wizamart => "wizamart",
            Account::Postgres => "postgres",
            Account::Redis => "redis",
        };
        // Service accounts have no login shell of their own.
        let mut arguments: Vec<OsString> = ["--user", user, "--", "/bin/bash"]
            .map(OsString::from)
            .to_vec();
        arguments.extend(self.arguments);
        become_program("runuser", arguments)
    }
}

//! `boxctl psql`.

use std::ffi::OsString;
use std::process::ExitCode;

use onebox_model::paths;

use super::become_program;
use crate::error::Error;

/// Open the database with psql(1), as the application's role
///
/// `boxctl psql -- -c 'SELECT count(*) FROM orders'` runs one statement.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// As the superuser of PostgreSQL
    #[arg(long)]
    superuser: bool,
    /// What psql is given besides
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let role = if self.superuser {
            "postgres"
        } else {
            "wizamart"
        };
        let mut arguments: Vec<OsString> = [
            format!("--host={}", paths::POSTGRES_SOCKET_DIR),
            format!("--username={role}"),
            "--dbname=wizamart".to_owned(),
        ]
        .map(OsString::from)
        .to_vec();
        arguments.extend(self.arguments);
        become_program("psql", arguments)
    }
}

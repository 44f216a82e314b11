//! `boxctl redis`.

use std::ffi::OsString;
use std::process::ExitCode;

use onebox_model::paths;

use super::become_program;
use crate::error::Error;

/// Open Redis with redis-cli(1)
///
/// `boxctl redis -- INFO memory` asks one thing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What redis-cli is given besides
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let mut arguments: Vec<OsString> = vec!["-s".into(), paths::REDIS_SOCKET.into()];
        arguments.extend(self.arguments);
        become_program("redis-cli", arguments)
    }
}

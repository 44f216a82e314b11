//! `boxctl status`.

mod screen;

pub(crate) use screen::state;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use onebox_api::status::{STATUS, Status};

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;

/// Show the box on one screen: units, certificate, queues, disk, memory, load
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Show it again every few seconds until Ctrl-C
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    watch: Option<u64>,
    #[command(flatten)]
    keeper: Keeper,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        loop {
            let status: Status = client.get(STATUS)?;
            if self.watch.is_some() && !self.json && io::stdout().is_terminal() {
                // Home, and clear to the end: less flicker than clearing first.
                output::text_line("\x1b[H\x1b[2J")?;
            }
            if self.json {
                output::json(&status)?;
            } else {
                output::text_line(&screen::render(&status, Paint::for_stdout()))?;
            }
            let Some(seconds) = self.watch else {
                return Ok(ExitCode::SUCCESS);
            };
            std::thread::sleep(Duration::from_secs(seconds));
        }
    }
}

//! `boxctl rollback`.

use std::process::ExitCode;

use onebox_api::upgrades::{self as api, Begun, Price, RollBack};

use super::{Args, show, step};
use crate::error::Error;
use crate::output;
use crate::paint::Paint;

/// Go back to the release of before the last upgrade; first tells what was written since
#[derive(Debug, clap::Args)]
pub(crate) struct Rollback {
    /// Only show what it would cost; exits with 1 when it cannot be done
    #[arg(long)]
    check: bool,
    /// Restart the machine, also where its kernel stays and only the programs need to
    #[arg(long)]
    restart: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    args: Args,
}

impl Rollback {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.args.keeper.client();
        let asked = RollBack {
            restart: self.restart,
        };
        let price: Price = client.follow(api::PRICE, &asked, step)?;
        let possible = price.obstacles.is_empty();
        if self.check || !possible {
            if self.args.json {
                output::json(&price)?;
            } else {
                output::text_line(&show::price(&price, Paint::for_stdout()))?;
            }
            return Ok(if possible {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        eprintln!("{}\n", show::price(&price, Paint::for_stdout()));
        output::confirm("Go back to this release?", self.yes)?;
        let begun: Begun = client.follow(api::ROLL_BACK, &asked, step)?;
        if self.args.json {
            output::json(&begun)?;
        } else {
            output::text_line(&show::begun(&begun))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

//! `boxctl plan`.

use std::process::ExitCode;

use onebox_api::generations::{self, PLAN};

use super::show;
use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;

/// Show what applying the operator's file would change
///
/// Exits with 0 when there is nothing to do, with 2 when there is, with 1 when
/// there is no plan because the file has mistakes.
#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

/// There is something to do.
const CHANGES: u8 = 2;

impl Plan {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let plan: generations::Plan = self.keeper.client().get(PLAN)?;
        if self.json {
            output::json(&plan)?;
        } else {
            output::text_line(&show::plan(&plan, Paint::for_stdout()))?;
        }
        Ok(if plan.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(CHANGES)
        })
    }
}

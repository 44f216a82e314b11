//! `boxctl history`.

use std::process::ExitCode;

use onebox_api::generations::{Generation, HISTORY};

use super::show;
use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::words::table;

/// List the generations of the configuration, the newest first
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

impl History {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let all: Vec<Generation> = self.keeper.client().get(HISTORY)?;
        if self.json {
            output::json(&all)?;
            return Ok(ExitCode::SUCCESS);
        }
        let head = ["", "NUMBER", "WHEN (UTC)", "BY", "WHAT BECAME OF IT", "WHY"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(all.iter().map(|one| {
            let at = one.at.to_string();
            vec![
                if one.current { "*" } else { "" }.to_owned(),
                one.number.to_string(),
                at.get(..16).unwrap_or(&at).to_owned(),
                one.by.clone(),
                show::fate(one),
                one.message.clone(),
            ]
        }));
        output::text_line(table(&rows, &[1], |_, _, cell| cell.to_owned()).trim_end())?;
        Ok(ExitCode::SUCCESS)
    }
}

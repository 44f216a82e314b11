//! `boxctl vm reset`.

use std::process::ExitCode;

use super::select::Select;
use crate::error::Error;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let state = self.select.state()?;
        if !state.exists() {
            return Err(onebox_vm::Error::NoState(state.dir().into()).into());
        }
        let question = format!(
            "Erase the box in {} with all its data?",
            state.dir().display()
        );
        output::confirm(&question, self.yes)?;
        state.remove()?;
        eprintln!("Erased.");
        Ok(ExitCode::SUCCESS)
    }
}

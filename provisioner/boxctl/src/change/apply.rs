//! `boxctl apply`, `undo` and `confirm`.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use onebox_api::client::Client;
use onebox_api::generations::{self, Applied, Fate, Generation};

use super::show;
use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;

/// Make the box as the operator's file says; goes back by itself when it is not healthy then
#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    /// Why, for the history
    #[arg(short, long, default_value = "")]
    message: String,
    /// Do not ask before changing anything
    #[arg(long)]
    yes: bool,
    /// Fail instead of waiting while somebody else applies
    #[arg(long)]
    no_wait: bool,
    /// How long the box may take to be healthy before it goes back [default: 180]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

/// Go back to an earlier generation, as a new one; an edit that was not applied is kept aside
#[derive(Debug, clap::Args)]
pub(crate) struct Undo {
    /// To which [default: the one before that was kept]
    generation: Option<u64>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

/// Keep a change that could have locked you out and waits for this
#[derive(Debug, clap::Args)]
pub(crate) struct Confirm {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

impl Apply {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        if !self.yes {
            let plan: generations::Plan = client.get(generations::PLAN)?;
            if !plan.is_empty() {
                eprintln!("{}\n", show::plan(&plan, Paint::for_stdout()));
                output::confirm("Apply this?", false)?;
            }
        }
        let asked = generations::Apply {
            message: self.message,
            no_wait: self.no_wait,
            patience_seconds: self.timeout,
        };
        let applied = client.follow(generations::APPLY, &asked, step)?;
        finish(&client, &applied, self.json)
    }
}

impl Undo {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        let to = self.generation.map_or_else(
            || "the generation before".to_owned(),
            |number| format!("generation {number}"),
        );
        output::confirm(&format!("Go back to {to}?"), self.yes)?;
        let asked = generations::Undo {
            to: self.generation,
        };
        let applied = client.follow(generations::UNDO, &asked, step)?;
        finish(&client, &applied, self.json)
    }
}

impl Confirm {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let kept: Generation = confirm(&self.keeper.client())?;
        if self.json {
            output::json(&kept)?;
        } else {
            output::text_line(&format!("generation {} is kept", kept.number))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn confirm(client: &Client) -> Result<Generation, Error> {
    Ok(client.post(generations::CONFIRM, &serde_json::json!({}))?)
}

fn step(step: &str) {
    eprintln!("{step}");
}

/// Says what is in force, and asks who still gets in to confirm.
fn finish(client: &Client, applied: &Applied, json: bool) -> Result<ExitCode, Error> {
    if json {
        output::json(applied)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(generation) = &applied.generation else {
        return Ok(ExitCode::SUCCESS);
    };
    let number = generation.number;
    output::text_line(&format!("generation {number} is in force"))?;
    let waits = matches!(generation.fate, Fate::Unconfirmed { .. });
    if waits && io::stdin().is_terminal() {
        eprint!("Open a second connection to try whether you still get in. Keep it? [y/N] ");
        let mut answer = String::new();
        let read = io::stderr()
            .flush()
            .and_then(|()| io::stdin().lock().read_line(&mut answer));
        if read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes") {
            confirm(client)?;
            output::text_line(&format!("generation {number} is kept"))?;
        } else {
            eprintln!("it will be taken back; `boxctl confirm` keeps it");
        }
    }
    Ok(ExitCode::SUCCESS)
}

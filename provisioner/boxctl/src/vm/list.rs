//! `boxctl vm list`.

use std::fs;
use std::io;
use std::process::ExitCode;

use onebox_vm::{State, Vm};

use super::report::Report;
use crate::error::{Error, IoContext};
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let reports = reports()?;
        if self.json {
            output::json(&reports)?;
        } else if reports.is_empty() {
            eprintln!("There are no virtual machines yet: `boxctl vm up --image FILE` makes one.");
        } else {
            output::text_line(&format!("{:<20} {:<10} URL", "NAME", "STATE"))?;
            for report in reports {
                let state = if report.pid.is_some() {
                    "running"
                } else {
                    "stopped"
                };
                output::text_line(&format!("{:<20} {state:<10} {}", report.name, report.url))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn reports() -> Result<Vec<Report>, Error> {
    let entries = match fs::read_dir(State::home()?) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.doing("list the virtual machines")?,
    };
    let mut reports = Vec::new();
    for entry in entries {
        let state = State::new(entry.doing("list the virtual machines")?.path());
        if state.exists() {
            reports.push(Report::of(&Vm::open(state)?)?);
        }
    }
    reports.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(reports)
}

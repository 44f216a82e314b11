//! `boxctl backup`, `restore` and `recovery-kit`.

mod kit;
mod restore;
mod show;

pub(crate) use kit::RecoveryKit;
pub(crate) use restore::Restore;

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use onebox_api::backups::{self as api, Drill, Kind, Overview, Pruned, Verified};

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a backup now, beside those by the calendar
    Now(Now),
    /// List the backups there are, and how their repositories are
    List(Args),
    /// Show one backup: what it holds and what it needs
    Show(Show),
    /// Read every file of the repositories and compare it with its checksum; exits with 1 on a fault
    Verify(Args),
    /// Restore the newest backup aside and look at it; exits with 1 when that fails
    Drill(Args),
    /// Drop the backups that need not be kept
    Prune(Prune),
    /// Drop one backup and those that need it, such as one from while the clock was wrong
    Drop(Discard),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Now {
    /// How much it holds [default: what changed since the last one]
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<KindArgument>,
    /// Only to this repository: local or s3
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    #[command(flatten)]
    args: Args,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Its name, as `boxctl backup list` shows it
    label: String,
    #[command(flatten)]
    args: Args,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    /// Only show which
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    args: Args,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Discard {
    /// Its name, as `boxctl backup list` shows it
    label: String,
    /// Only from this repository: local or s3
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    /// Only show which go
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    args: Args,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindArgument {
    /// Everything
    Full,
    /// What changed since the last full one
    Diff,
    /// What changed since the last one
    Incr,
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Now(now) => now.run(),
            Self::List(args) => list(&args),
            Self::Show(show) => show.run(),
            Self::Verify(args) => verify(&args),
            Self::Drill(args) => drill(&args),
            Self::Prune(prune) => prune.run(),
            Self::Drop(discard) => discard.run(),
        }
    }
}

/// Steps go to the terminal's other stream: the result may be read by a program.
fn step(step: &str) {
    eprintln!("{step}");
}

impl Now {
    fn run(self) -> Result<ExitCode, Error> {
        let asked = api::Now {
            kind: self.kind.map(|kind| match kind {
                KindArgument::Full => Kind::Full,
                KindArgument::Diff => Kind::Diff,
                KindArgument::Incr => Kind::Incr,
            }),
            repository: self.repository,
        };
        let client = self.args.keeper.client();
        let overview: Overview = client.follow(api::NOW, &asked, step)?;
        print(&overview, self.args.json)
    }
}

fn print(overview: &Overview, json: bool) -> Result<ExitCode, Error> {
    if json {
        output::json(overview)?;
    } else {
        let now = time::OffsetDateTime::now_utc();
        output::text_line(&show::overview(overview, now, Paint::for_stdout()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list(args: &Args) -> Result<ExitCode, Error> {
    let overview: Overview = args.keeper.client().get(api::OVERVIEW)?;
    print(&overview, args.json)
}

impl Show {
    fn run(self) -> Result<ExitCode, Error> {
        let overview: Overview = self.args.keeper.client().get(api::OVERVIEW)?;
        let found: Vec<&api::Backup> = overview
            .backups
            .iter()
            .filter(|backup| backup.label == self.label)
            .collect();
        if found.is_empty() {
            return Err(Error::NoBackup(self.label));
        }
        if self.args.json {
            output::json(&found)?;
        } else {
            for backup in found {
                output::text_line(&show::backup(backup))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn verify(args: &Args) -> Result<ExitCode, Error> {
    let client = args.keeper.client();
    let verified: Verified = client.follow(api::VERIFY, &serde_json::json!({}), step)?;
    if args.json {
        output::json(&verified)?;
    } else {
        output::text_line(&show::verified(&verified, Paint::for_stdout()))?;
    }
    Ok(if verified.faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn drill(args: &Args) -> Result<ExitCode, Error> {
    let client = args.keeper.client();
    let drill: Drill = client.follow(api::DRILL, &serde_json::json!({}), step)?;
    if args.json {
        output::json(&drill)?;
    } else {
        output::text_line(&show::drill(&drill, Paint::for_stdout()))?;
    }
    Ok(if drill.error.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Prune {
    fn run(self) -> Result<ExitCode, Error> {
        let client = self.args.keeper.client();
        let ask = |dry_run| -> Result<Pruned, Error> {
            Ok(client.follow(api::PRUNE, &api::Prune { dry_run }, step)?)
        };
        let mut pruned = ask(true)?;
        if !self.dry_run && !pruned.dropped.is_empty() {
            if !self.yes {
                eprintln!("{}", pruned.dropped.join("\n"));
            }
            let question = format!("Drop these {} backups?", pruned.dropped.len());
            output::confirm(&question, self.yes)?;
        }
        if !self.dry_run {
            // Also without any: the log that none needs any more goes.
            pruned = ask(false)?;
        }
        if self.args.json {
            output::json(&pruned)?;
        } else if pruned.dropped.is_empty() {
            output::text_line("every backup there is is to be kept")?;
        } else {
            let verb = if self.dry_run {
                "would drop"
            } else {
                "dropped"
            };
            output::text_line(&format!("{verb}\n{}", pruned.dropped.join("\n")))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Discard {
    fn run(self) -> Result<ExitCode, Error> {
        let client = self.args.keeper.client();
        let ask = |dry_run| -> Result<Pruned, Error> {
            let asked = api::Discard {
                label: self.label.clone(),
                repository: self.repository.clone(),
                dry_run,
            };
            Ok(client.follow(api::DISCARD, &asked, step)?)
        };
        let mut dropped = ask(true)?;
        if !self.dry_run {
            if !self.yes {
                eprintln!("{}", dropped.dropped.join("\n"));
            }
            let question = format!(
                "Drop {} for good? What lies between the backups before and after cannot be gone back to then.",
                self.label
            );
            output::confirm(&question, self.yes)?;
            dropped = ask(false)?;
        }
        if self.args.json {
            output::json(&dropped)?;
        } else {
            let verb = if self.dry_run {
                "would drop"
            } else {
                "dropped"
            };
            output::text_line(&format!("{verb}\n{}", dropped.dropped.join("\n")))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

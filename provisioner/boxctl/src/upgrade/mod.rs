//! `boxctl upgrade`.

mod rollback;
mod show;

pub(crate) use rollback::Rollback;

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use onebox_api::upgrades::{self as api, Ask, Begun, Offer, Overview};

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;

/// Go over to another release; shows what it changes, and comes back by itself when it is no good
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Upgrade {
    #[command(subcommand)]
    command: Option<Command>,
    /// A version of the channel, a bundle on the box, or the URL of one [default: the newest of the channel]
    #[arg(value_name = "VERSION|FILE|URL")]
    source: Option<String>,
    /// Only show what it would change; exits with 1 when it cannot be installed
    #[arg(long)]
    check: bool,
    /// Also a release that is older than the present one, or that was no good before
    #[arg(long)]
    force: bool,
    /// Make no backup first
    #[arg(long)]
    no_backup: bool,
    /// Restart the machine, also where its kernel stays and only the programs need to
    #[arg(long)]
    restart: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    args: Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what runs, what there is, and how earlier upgrades ended
    Status(Args),
    /// Let a release be installed again that was no good on this box
    Forgive(Forgive),
}

#[derive(Debug, clap::Args)]
struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

#[derive(Debug, clap::Args)]
struct Forgive {
    /// Its version, as `boxctl upgrade status` shows it
    version: String,
    #[command(flatten)]
    args: Args,
}

/// Steps go to the terminal's other stream: the result may be read by a program.
fn step(step: &str) {
    eprintln!("{step}");
}

impl Upgrade {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self.command {
            Some(Command::Status(args)) => status(&args),
            Some(Command::Forgive(forgive)) => forgive.run(),
            None => self.go(),
        }
    }

    fn go(self) -> Result<ExitCode, Error> {
        let client = self.args.keeper.client();
        let asked = Ask {
            source: self.source.map(whole),
            force: self.force,
            no_backup: self.no_backup,
            restart: self.restart,
        };
        let offer: Offer = client.follow(api::CHECK, &asked, step)?;
        let possible = offer.obstacles.is_empty();
        if self.check || !possible {
            if self.args.json {
                output::json(&offer)?;
            } else {
                output::text_line(&show::offer(&offer, Paint::for_stdout()))?;
            }
            return Ok(if possible {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        eprintln!("{}\n", show::offer(&offer, Paint::for_stdout()));
        output::confirm("Go over to this release?", self.yes)?;
        // What was shown, and not what has become the newest meanwhile.
        let asked = Ask {
            source: Some(offer.source),
            ..asked
        };
        let begun: Begun = client.follow(api::UPGRADE, &asked, step)?;
        if self.args.json {
            output::json(&begun)?;
        } else {
            output::text_line(&show::begun(&begun))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A file's whole path, since the keeper has another working directory.
fn whole(source: String) -> String {
    let path = Path::new(&source);
    if source.contains("://") || !path.is_file() {
        return source;
    }
    path.canonicalize()
        .map_or(source, |path| path.display().to_string())
}

fn status(args: &Args) -> Result<ExitCode, Error> {
    let overview: Overview = args.keeper.client().get(api::OVERVIEW)?;
    print(&overview, args.json)
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

impl Forgive {
    fn run(self) -> Result<ExitCode, Error> {
        let asked = api::Version {
            version: self.version,
        };
        let overview: Overview = self.args.keeper.client().post(api::FORGIVE, &asked)?;
        print(&overview, self.args.json)
    }
}

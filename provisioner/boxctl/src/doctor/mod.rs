//! `boxctl doctor` and `boxctl support-bundle`.

mod bundle;
mod show;

pub(crate) use bundle::SupportBundle;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use onebox_api::client::ClientError;
use onebox_api::doctor::{About, Ask, CHECKS, DIAGNOSE, Diagnosis};
use onebox_model::paths;

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::paint::Paint;

/// Exit status when nothing could be looked at.
const COULD_NOT_LOOK: u8 = 3;

/// Look at every layer of the box and say what is wrong, what shows it, what comes of it and what to do
///
/// Exits with 0 when nothing has to be done, 1 when something will have to or
/// could not be looked at, 2 when something does not work, 3 when the doctor
/// itself could not look.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// This check only; may be given several times
    #[arg(long, value_name = "CHECK")]
    only: Vec<String>,
    /// Do what is safe about what is found, and look again
    #[arg(long)]
    fix: bool,
    /// Show what can be looked at, and look at nothing
    #[arg(long, conflicts_with_all = ["only", "fix"])]
    list: bool,
    /// Show what is well too
    #[arg(short, long)]
    verbose: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

impl Doctor {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self.examine() {
            Ok(code) => Ok(code),
            Err(error) => {
                eprintln!("boxctl: {error}");
                Ok(ExitCode::from(COULD_NOT_LOOK))
            }
        }
    }

    fn examine(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        let paint = Paint::for_stdout();
        if self.list {
            let checks: Vec<About> = client.get(CHECKS)?;
            if self.json {
                output::json(&checks)?;
            } else {
                output::text_line(&show::checks(&checks, paint))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let ask = Ask {
            only: self.only,
            fix: self.fix,
        };
        let asked = client.follow(DIAGNOSE, &ask, |step| eprintln!("{step}"));
        let diagnosis: Diagnosis = match asked {
            Err(ClientError::NotRunning { source, .. }) => return without_daemon(&ask, &source),
            asked => asked?,
        };
        if self.json {
            output::json(&diagnosis)?;
        } else {
            output::text_line(&show::diagnosis(&diagnosis, self.verbose, paint))?;
        }
        Ok(ExitCode::from(diagnosis.exit_status()))
    }
}

/// The keeper cannot be asked: its program can look by itself.
fn without_daemon(ask: &Ask, why: &std::io::Error) -> Result<ExitCode, Error> {
    eprintln!("boxd is not running ({why}): looking with `boxd doctor`, which prints JSON");
    let mut command = Command::new(paths::BOXD_BINARY);
    command.arg("doctor");
    for name in &ask.only {
        command.arg("--only").arg(name);
    }
    if ask.fix {
        command.arg("--fix");
    }
    // Comes back only when it cannot be run.
    Err(Error::Program {
        program: paths::BOXD_BINARY.to_owned(),
        source: command.exec(),
    })
}

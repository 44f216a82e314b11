//! `boxctl secret`: passwords and keys that the operator's file only names.

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use clap::Subcommand;
use onebox_api::secrets::{LIST, REMOVE, Remove, SET, SecretInfo, Set};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::error::{Error, IoContext};
use crate::keeper::Keeper;
use crate::output;
use crate::words::table;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Store a secret, read from standard input; units get it with the next apply
    ///
    /// The operator's file then names it: password = { secret = "NAME" }.
    Set {
        /// Its name
        name: String,
        #[command(flatten)]
        keeper: Keeper,
    },
    /// List names, when each was stored, and which keys name it; never values
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        keeper: Keeper,
    },
    /// Forget a secret (asks)
    Rm {
        /// Its name
        name: String,
        /// Although the configuration names it
        #[arg(long)]
        force: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        keeper: Keeper,
    },
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Set { name, keeper } => {
                let value = read(&name)?;
                let stored: SecretInfo = keeper.client().post(SET, &Set { name, value })?;
                let next = if stored.named_by.is_empty() {
                    format!(
                        "name it in the operator's file: {{ secret = \"{}\" }}",
                        stored.name
                    )
                } else {
                    "`boxctl apply` gives it to the units that use it".to_owned()
                };
                output::text_line(&format!("{} is stored; {next}", stored.name))?;
            }
            Self::List { json, keeper } => list(json, &keeper)?,
            Self::Rm {
                name,
                force,
                yes,
                keeper,
            } => {
                output::confirm(&format!("Forget the secret {name}?"), yes)?;
                let asked = Remove { name, force };
                let _: serde_json::Value = keeper.client().post(REMOVE, &asked)?;
                output::text_line(&format!("{} is forgotten", asked.name))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(json: bool, keeper: &Keeper) -> Result<(), Error> {
    let all: Vec<SecretInfo> = keeper.client().get(LIST)?;
    if json {
        return output::json(&all);
    }
    let head = ["NAME", "STORED (UTC)", "NAMED BY"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    rows.extend(all.into_iter().map(|one| {
        let stored = one.stored_at.map(|at| at.to_string());
        vec![
            one.name,
            stored.map_or_else(
                || "MISSING".to_owned(),
                |at| at.get(..16).unwrap_or(&at).to_owned(),
            ),
            one.named_by.join(", "),
        ]
    }));
    output::text_line(table(&rows, &[], |_, _, cell| cell.to_owned()).trim_end())
}

/// The value: what is piped in, or typed without being shown. One line break at
/// its end does not count.
fn read(name: &str) -> Result<String, Error> {
    let mut stdin = io::stdin().lock();
    let mut value = String::new();
    if stdin.is_terminal() {
        eprint!("Value of {name} (not shown): ");
        let hidden = Hidden::start();
        let read = io::BufRead::read_line(&mut stdin, &mut value);
        drop(hidden);
        eprintln!();
        read.doing("read the value")?;
    } else {
        stdin.read_to_string(&mut value).doing("read the value")?;
    }
    let value = value.strip_suffix('\n').unwrap_or(&value);
    Ok(value.strip_suffix('\r').unwrap_or(value).to_owned())
}

/// The terminal does not show what is typed while this lives.
struct Hidden(Option<Termios>);

impl Hidden {
    fn start() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &quiet);
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}

//! `boxctl service`: systemd's units, by short names.

use std::process::ExitCode;

use clap::Subcommand;
use onebox_api::units::{ACT, Act, LIST, SHOW, UnitState, Verb};
use onebox_model::units;

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::words::{bytes, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the box's own units, or all
    List {
        /// Every unit that systemd has loaded
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        keeper: Keeper,
    },
    /// Show one unit; exits with 3 when it does not run
    #[command(alias = "show")]
    Status {
        /// web, worker/imports, postgresql, … or a unit's whole name
        unit: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        keeper: Keeper,
    },
    /// Start a unit and wait until it has started
    Start(One),
    /// Stop a unit (asks)
    Stop(Asked),
    /// Stop and start a unit; the site's sockets stay open meanwhile
    Restart(One),
    /// Have a unit read its configuration again
    Reload(One),
    /// Start a unit at boot
    Enable(One),
    /// Do not start a unit at boot (asks)
    Disable(Asked),
    /// Forget that a unit failed
    ResetFailed(One),
}

#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// web, worker/imports, postgresql, … or a unit's whole name
    unit: String,
    #[command(flatten)]
    keeper: Keeper,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    one: One,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// As systemctl(1) exits for a unit that does not run.
const NOT_RUNNING: u8 = 3;

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List { all, json, keeper } => list(all, json, &keeper),
            Self::Status { unit, json, keeper } => status(&unit, json, &keeper),
            Self::Start(one) => act(Verb::Start, &one),
            Self::Restart(one) => act(Verb::Restart, &one),
            Self::Reload(one) => act(Verb::Reload, &one),
            Self::Enable(one) => act(Verb::Enable, &one),
            Self::ResetFailed(one) => act(Verb::ResetFailed, &one),
            Self::Stop(asked) => ask_and_act(Verb::Stop, &asked),
            Self::Disable(asked) => ask_and_act(Verb::Disable, &asked),
        }
    }
}

fn list(all: bool, json: bool, keeper: &Keeper) -> Result<ExitCode, Error> {
    let path = format!("{LIST}?all={all}");
    let states: Vec<UnitState> = keeper.client().get(&path)?;
    if json {
        output::json(&states)?;
        return Ok(ExitCode::SUCCESS);
    }
    let short = units::short_names();
    let head = ["UNIT", "SHORT", "STATE", "AT BOOT", "MEMORY", "WHAT IT IS"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    rows.extend(states.into_iter().map(|unit| {
        let called = short.iter().find(|(_, name)| *name == unit.name);
        vec![
            called.map(|(short, _)| short.clone()).unwrap_or_default(),
            crate::status::state(&unit),
            unit.file_state.clone(),
            unit.memory_bytes.map(bytes).unwrap_or_default(),
            unit.description,
        ]
        .into_iter()
        .fold(vec![unit.name], |mut row, cell| {
            row.push(cell);
            row
        })
    }));
    output::text_line(table(&rows, &[4], |_, _, cell| cell.to_owned()).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn encoded(unit: &str) -> String {
    unit.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn status(unit: &str, json: bool, keeper: &Keeper) -> Result<ExitCode, Error> {
    let path = format!("{SHOW}?unit={}", encoded(unit));
    let state: UnitState = keeper.client().get(&path)?;
    if json {
        output::json(&state)?;
    } else {
        output::text_line(&shown(&state))?;
    }
    Ok(if state.is_active() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_RUNNING)
    })
}

fn shown(unit: &UnitState) -> String {
    let limit = unit
        .memory_max_bytes
        .map(|limit| format!(" of {}", bytes(limit)))
        .unwrap_or_default();
    let lines = [
        ("unit", Some(unit.name.clone())),
        ("what it is", Some(unit.description.clone())),
        ("state", Some(crate::status::state(unit))),
        ("since", unit.since.map(|since| since.to_string())),
        ("at boot", Some(unit.file_state.clone())),
        ("main process", unit.main_pid.map(|pid| pid.to_string())),
        ("restarts", unit.restarts.map(|count| count.to_string())),
        ("memory", unit.memory_bytes.map(|used| bytes(used) + &limit)),
        ("tasks", unit.tasks.map(|tasks| tasks.to_string())),
        (
            "last result",
            unit.result.clone().map(|result| {
                let status = unit.exit_status.unwrap_or_default();
                format!("{result}, exit status {status}")
            }),
        ),
    ];
    let lines: Vec<String> = lines
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name:<13} {}", value?)))
        .collect();
    lines.join("\n") + &format!("\nlogs          boxctl logs {}", unit.name)
}

fn ask_and_act(verb: Verb, asked: &Asked) -> Result<ExitCode, Error> {
    let (name, unit) = (verb.name(), &asked.one.unit);
    output::confirm(&format!("{name} {unit}?"), asked.yes)?;
    act(verb, &asked.one)
}

fn act(verb: Verb, one: &One) -> Result<ExitCode, Error> {
    let unit = one.unit.clone();
    let state: UnitState = one.keeper.client().post(ACT, &Act { verb, unit })?;
    let words = crate::status::state(&state);
    output::text_line(&format!("{}: {words}", state.name))?;
    Ok(ExitCode::SUCCESS)
}

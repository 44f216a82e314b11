//! The end of a trial, in the slot on trial: the new release stays, or the box
//! goes back.

use super::at_boot::event;
use super::memory::{Failure, Memory, Stage, Trial};
use super::{UpgradeError, hold, snapshot};
use crate::boot::{Confirmed, Slot, Store};
use crate::command;
use crate::disk::Disk;
use onebox_api::upgrades::{Ending, Probe};
use std::path::Path;
use time::OffsetDateTime;

/// So many lines of each log are kept.
const LINES: &str = "40";
/// So many logs.
const LOGS: usize = 5;

/// The trial that this boot is, if it is one.
///
/// # Errors
/// When the system refuses.
pub(crate) fn under_way(disk: &Disk, running: Slot) -> Result<Option<Trial>, UpgradeError> {
    let trial = Memory::load(disk)?.trial;
    Ok(trial.filter(|trial| trial.to.slot == running.to_string()))
}

/// The new release stays: the boot loader is told, and visitors are let in.
/// Until the last of it going back loses nothing; cut off in between it is
/// judged once more at the next boot.
///
/// # Errors
/// When the boot loader's state cannot be written, or the system refuses.
pub(crate) fn commit(
    disk: &Disk,
    store: &Store,
    running: Slot,
    now: OffsetDateTime,
) -> Result<(), UpgradeError> {
    let mut memory = Memory::load(disk)?;
    let Some(trial) = memory.trial.clone() else {
        return Ok(());
    };
    start_from_now_on(store, running)?;
    memory.other = Some(trial.from.clone());
    memory.other_fit.clone_from(&trial.from_fit);
    memory.end(event(&trial, Ending::Committed, now));
    memory.to_settle = false;
    memory.save(disk)?;
    hold::release(disk)?;
    snapshot::discard(disk)
}

/// The box is to go back: the boot loader is told, and why is remembered. Who
/// calls restarts the machine.
///
/// # Errors
/// When the boot loader's state cannot be written, or the system refuses.
pub(crate) fn fail(
    disk: &Disk,
    store: &Store,
    probes: Vec<Probe>,
    logs: Vec<String>,
) -> Result<(), UpgradeError> {
    let mut memory = Memory::load(disk)?;
    let Some(trial) = memory.trial.as_mut() else {
        return Ok(());
    };
    let from: Slot = trial
        .from
        .slot
        .parse()
        .map_err(|_| UpgradeError::Boot(format!("there is no slot {:?}", trial.from.slot)))?;
    // The disk may be full of what it wrote.
    snapshot::make_room(disk)?;
    // What was said first stays: later looks may be at what is being stopped.
    if !matches!(trial.stage, Stage::Failed(_)) {
        trial.stage = Stage::Failed(Failure { probes, logs });
        memory.save(disk)?;
    }
    back_to(store, from)
}

/// Makes a slot the committed one.
fn start_from_now_on(store: &Store, slot: Slot) -> Result<(), UpgradeError> {
    let confirmed = store.confirm(slot).map_err(boot)?;
    if matches!(confirmed, Confirmed::Trial | Confirmed::Again) {
        return Ok(());
    }
    // The boot loader does not know of the trial: its state was lost, or an
    // operator chose the slot from its menu.
    store.begin_trial(slot).map_err(boot)?;
    store.confirm(slot).map(drop).map_err(boot)
}

/// Has the boot loader start a slot, whatever was decided before.
fn back_to(store: &Store, from: Slot) -> Result<(), UpgradeError> {
    let found = store.read().map_err(boot)?;
    if found.state.boot != from {
        // Committed and not opened yet: nobody was let in.
        start_from_now_on(store, from)?;
    }
    store.end_trial().map_err(boot)?;
    // What is there was no good, and is no way out either.
    store.slot_is_written(from.other()).map_err(boot)
}

/// In the slot of before: the boot loader learns that a trial is over, where
/// nobody had the time to tell it.
///
/// # Errors
/// When the boot loader's state cannot be written, or the system refuses.
pub(crate) fn settle(disk: &Disk, store: &Store, running: Slot) -> Result<(), UpgradeError> {
    let mut memory = Memory::load(disk)?;
    if memory.to_settle {
        back_to(store, running)?;
        memory.to_settle = false;
        memory.save(disk)?;
    }
    // Also what a commit left that was cut off before its last step.
    snapshot::discard(disk)
}

/// Last lines of the logs of what was not as it should be.
pub(crate) fn logs(probes: &[Probe]) -> Vec<String> {
    let units = probes.iter().map(|probe| probe.what.as_str());
    let units = units.filter(|what| what.ends_with(".service") || what.ends_with(".socket"));
    let mut lines = Vec::new();
    for unit in units.take(LOGS) {
        let arguments = [
            "-b",
            "-u",
            unit,
            "-n",
            LINES,
            "-o",
            "short-iso",
            "--no-pager",
        ];
        match command::run(Path::new("journalctl"), &arguments) {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout);
                lines.extend(text.lines().map(str::to_owned));
            }
            Err(error) => lines.push(error.to_string()),
        }
    }
    lines
}

fn boot(error: impl std::fmt::Display) -> UpgradeError {
    UpgradeError::Boot(error.to_string())
}

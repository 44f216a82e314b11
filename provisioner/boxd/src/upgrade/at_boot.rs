//! What a boot finds of an upgrade, before any server starts.
//!
//! In the slot on trial everybody is held back and the data are copied. In the
//! slot of before, a trial that is still open is one that failed, in whatever
//! way: the data come back, and the release is remembered as no good.

use super::memory::{Failure, Memory, Stage, Trial};
use super::{UpgradeError, hold, snapshot};
use crate::boot::Slot;
use crate::disk::{Access, Disk};
use onebox_api::upgrades::{Bad, Ending, Event, Probe};
use onebox_model::paths::{RUN_DIR, STATUS_HEALTH};
use time::OffsetDateTime;

/// What a boot found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No upgrade is under way.
    Nothing,
    /// This release is on trial.
    OnTrial,
    /// This release was found no good and is to be left: nothing may start.
    Leaving,
    /// The release on trial failed, and this is the one of before again.
    Back,
    /// The box was never told to go over.
    NeverBegun,
}

/// There once a boot was looked at, with the slot that it was of: a soft reboot
/// leaves it, and is a boot of another slot.
const LOOKED: &str = "/run/onebox/upgrade-looked";

/// [`at_boot`], once a boot: `boxd prepare` may be run again at any time, and a
/// trial that is about to begin is not one that failed.
///
/// # Errors
/// As [`at_boot`].
pub fn once_a_boot(disk: &Disk, running: Slot, now: OffsetDateTime) -> Result<Found, UpgradeError> {
    let slot = running.to_string();
    if disk.read(LOOKED)?.as_deref() == Some(slot.as_bytes()) {
        return Ok(Found::Nothing);
    }
    // What the system of before a soft reboot was found to be says nothing of this.
    disk.remove(STATUS_HEALTH)?;
    let found = at_boot(disk, running, now)?;
    // A release that is to be left stays so, however often it is looked at.
    if found != Found::Leaving {
        disk.directory(RUN_DIR, Access::root(0o755))?;
        disk.write(LOOKED, slot.as_bytes(), Access::root(0o600))?;
    }
    Ok(found)
}

/// Looks, and does what has to be done before any server starts.
///
/// # Errors
/// When the system refuses. Then nothing may start: data could be written that
/// going back would lose.
fn at_boot(disk: &Disk, running: Slot, now: OffsetDateTime) -> Result<Found, UpgradeError> {
    let mut memory = Memory::load(disk)?;
    let Some(mut trial) = memory.trial.clone() else {
        return Ok(Found::Nothing);
    };
    let slot = running.to_string();
    if slot == trial.to.slot {
        hold::hold(disk)?;
        if matches!(trial.stage, Stage::Failed(_)) {
            return Ok(Found::Leaving);
        }
        snapshot::make(disk, &trial.id)?;
        trial.stage = Stage::Running;
        trial.starts += 1;
        memory.trial = Some(trial);
        memory.save(disk)?;
        return Ok(Found::OnTrial);
    }
    let found = if trial.stage == Stage::Arming {
        memory.end(event(&trial, Ending::Interrupted, now));
        Found::NeverBegun
    } else {
        snapshot::restore(disk, &trial.id)?;
        let failure = match &trial.stage {
            Stage::Failed(failure) => failure.clone(),
            _ => Failure {
                probes: vec![never_judged(&trial)],
                logs: Vec::new(),
            },
        };
        // What runs is no good only to who goes back from it by hand.
        memory
            .bad
            .retain(|bad| ![&trial.to.version, &trial.from.version].contains(&&bad.version));
        memory.bad.push(Bad {
            version: trial.to.version.clone(),
            revision: trial.to.revision.clone(),
            at: now,
            probes: failure.probes.clone(),
            logs: failure.logs,
        });
        memory.end(Event {
            probes: failure.probes,
            ..event(&trial, Ending::RolledBack, now)
        });
        Found::Back
    };
    memory.to_settle = true;
    memory.save(disk)?;
    hold::release(disk)?;
    Ok(found)
}

/// Of a release that was started and never came to be judged, or not even that.
fn never_judged(trial: &Trial) -> Probe {
    let why = if trial.starts == 0 {
        "it did not get as far as its first program: its kernel, its initrd or its root could not be started".to_owned()
    } else {
        format!(
            "it was started {} times and stopped, hung or was restarted each time before it could be judged",
            trial.starts
        )
    };
    Probe {
        what: "boot".to_owned(),
        why,
    }
}

/// The end of a trial.
pub(super) fn event(trial: &Trial, ending: Ending, at: OffsetDateTime) -> Event {
    Event {
        at,
        from: trial.from.clone(),
        to: trial.to.clone(),
        ending,
        // A clock that is set meanwhile must not make it negative.
        away_seconds: (at - trial.armed_at).as_seconds_f64().max(0.0),
        starts: trial.starts,
        probes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use onebox_api::upgrades::Side;
    use onebox_model::paths::{POSTGRES_HOME, TRIAL_HELD, TRIAL_TOKEN, UPGRADES_TRIAL};
    use std::fs;

    fn world(stage: Stage) -> (tempfile::TempDir, Disk) {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        fs::create_dir_all(disk.path(POSTGRES_HOME)).unwrap();
        write(&disk, "before");
        let side = |slot: &str, version: &str| Side {
            slot: slot.to_owned(),
            version: version.to_owned(),
            revision: "r".to_owned(),
        };
        let memory = Memory {
            trial: Some(Trial {
                id: "1".to_owned(),
                from: side("A", "1.0.0"),
                to: side("B", "2.0.0"),
                stage,
                armed_at: OffsetDateTime::UNIX_EPOCH,
                starts: 0,
                minutes: 30,
                from_fit: None,
            }),
            ..Memory::default()
        };
        memory.save(&disk).unwrap();
        (dir, disk)
    }

    fn write(disk: &Disk, text: &str) {
        fs::write(disk.path(POSTGRES_HOME).join("file"), text).unwrap();
    }

    fn data(disk: &Disk) -> String {
        fs::read_to_string(disk.path(POSTGRES_HOME).join("file")).unwrap()
    }

    fn boot(disk: &Disk, slot: Slot) -> Found {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(90);
        at_boot(disk, slot, now).unwrap()
    }

    #[test]
    fn a_trial_holds_everybody_and_keeps_the_data_of_before() {
        let (_dir, disk) = world(Stage::Armed);
        assert_eq!(boot(&disk, Slot::B), Found::OnTrial);
        assert!(disk.path(TRIAL_HELD).exists() && disk.path(TRIAL_TOKEN).exists());
        assert_eq!(
            fs::read_to_string(disk.path(UPGRADES_TRIAL)).unwrap(),
            "B 30\n"
        );
        write(&disk, "migrated");
        // The power goes, and the trial is started once more.
        fs::remove_file(disk.path(TRIAL_HELD)).unwrap();
        assert_eq!(boot(&disk, Slot::B), Found::OnTrial);
        assert!(disk.path(TRIAL_HELD).exists());
        assert_eq!(data(&disk), "migrated");
        // GRUB gave up on it.
        assert_eq!(boot(&disk, Slot::A), Found::Back);
        assert_eq!(data(&disk), "before");
        assert!(!disk.path(TRIAL_HELD).exists() && !disk.path(UPGRADES_TRIAL).exists());
        let memory = Memory::load(&disk).unwrap();
        assert!(memory.trial.is_none() && memory.to_settle);
        let bad = memory.is_bad("2.0.0", "r").unwrap();
        assert!(bad.probes[0].why.contains("started 2 times"), "{bad:?}");
        let event = &memory.history[0];
        assert_eq!(event.ending, Ending::RolledBack);
        assert!((event.away_seconds - 90.0).abs() < 0.1);
        assert_eq!(boot(&disk, Slot::A), Found::Nothing);
    }

    #[test]
    fn one_that_never_started_is_no_good_and_cost_nothing() {
        let (_dir, disk) = world(Stage::Armed);
        assert_eq!(boot(&disk, Slot::A), Found::Back);
        assert_eq!(data(&disk), "before");
        let memory = Memory::load(&disk).unwrap();
        let bad = memory.is_bad("2.0.0", "r").unwrap();
        assert!(bad.probes[0].why.contains("kernel"), "{bad:?}");
    }

    #[test]
    fn one_that_was_never_begun_is_not_held_against_the_release() {
        let (_dir, disk) = world(Stage::Arming);
        assert_eq!(boot(&disk, Slot::A), Found::NeverBegun);
        let memory = Memory::load(&disk).unwrap();
        assert!(memory.bad.is_empty() && memory.to_settle);
        assert_eq!(memory.history[0].ending, Ending::Interrupted);
    }

    #[test]
    fn one_that_was_found_no_good_does_not_run_again() {
        let failure = Failure {
            probes: vec![Probe {
                what: "wizamart-web.service".to_owned(),
                why: "failed".to_owned(),
            }],
            logs: vec!["a line".to_owned()],
        };
        let (_dir, disk) = world(Stage::Failed(failure));
        assert_eq!(boot(&disk, Slot::B), Found::Leaving);
        assert!(disk.path(TRIAL_HELD).exists());
        assert_eq!(boot(&disk, Slot::A), Found::Back);
        let memory = Memory::load(&disk).unwrap();
        let bad = memory.is_bad("2.0.0", "r").unwrap();
        assert_eq!(bad.probes[0].what, "wizamart-web.service");
        assert_eq!(bad.logs, ["a line"]);
    }

    #[test]
    fn what_is_prepared_again_in_one_boot_ends_no_trial() {
        let (_dir, disk) = world(Stage::Armed);
        let now = OffsetDateTime::UNIX_EPOCH;
        let look = |slot| once_a_boot(&disk, slot, now).unwrap();
        assert_eq!(look(Slot::B), Found::OnTrial);
        assert_eq!(look(Slot::B), Found::Nothing);
        assert_eq!(Memory::load(&disk).unwrap().trial.unwrap().starts, 1);
        assert!(disk.path(TRIAL_HELD).exists());
        // Told to go over, and not restarted yet.
        let (_dir, disk) = world(Stage::Armed);
        disk.directory(RUN_DIR, Access::root(0o755)).unwrap();
        disk.write(LOOKED, b"A", Access::root(0o600)).unwrap();
        assert_eq!(once_a_boot(&disk, Slot::A, now).unwrap(), Found::Nothing);
        assert!(Memory::load(&disk).unwrap().bad.is_empty());
        // A soft reboot: what is below /run is still there, and it is a boot.
        disk.directory("/run/onebox/status", Access::root(0o755))
            .unwrap();
        disk.write(STATUS_HEALTH, b"{}", Access::root(0o644))
            .unwrap();
        assert_eq!(once_a_boot(&disk, Slot::B, now).unwrap(), Found::OnTrial);
        assert_eq!(once_a_boot(&disk, Slot::B, now).unwrap(), Found::Nothing);
        assert!(!disk.path(STATUS_HEALTH).exists());
    }
}

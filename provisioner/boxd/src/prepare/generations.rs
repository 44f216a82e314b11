//! Generations at boot: what was under way when the power went is taken back,
//! and a box without any gets its first.

use super::{Report, StepError};
use crate::disk::Disk;
use crate::effective::{Effective, Source};
use crate::generations::{GenerationLock, Intent, Meta, Phase, Store, StoreError};
use onebox_api::generations::Fate;
use onebox_model::paths::{GENERATION_CURRENT, GENERATION_INTENT};
use time::OffsetDateTime;

/// Takes back a change that was not known to be good, or not confirmed. No unit
/// has started with it in this boot, so the files are all there is to it.
pub(super) fn recover(disk: &Disk, report: &mut Report) -> Result<(), StepError> {
    let store = Store(disk);
    store.prepare()?;
    // Somebody applies right now: this is no boot, and theirs to end.
    let Some(_lock) = GenerationLock::try_take(disk)? else {
        return Ok(());
    };
    let intent = match Intent::read(disk) {
        Ok(Some(intent)) => intent,
        Ok(None) => return Ok(()),
        Err(error @ StoreError::Damaged { .. }) => {
            report.warnings.push(error.to_string());
            disk.set_aside(GENERATION_INTENT)?;
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    store.set_current(intent.from)?;
    let why = match intent.phase {
        Phase::Applying => "the box was restarted before it was known to be good",
        Phase::Unconfirmed => "the box was restarted before it was confirmed",
    };
    // A generation that cannot be read any more has no fate to note.
    let fate = Fate::Reverted {
        why: why.to_owned(),
    };
    if let Err(error) = store.set_fate(intent.to, fate) {
        report.warnings.push(error.to_string());
    }
    Intent::done(disk)?;
    report.warnings.push(format!(
        "generation {} was taken back, generation {} is in force: {why}",
        intent.to, intent.from
    ));
    Ok(())
}

/// Makes the operator's file the first generation.
pub(super) fn first(disk: &Disk, chosen: &Effective, report: &mut Report) -> Result<(), StepError> {
    if chosen.source == Source::File {
        adopt(disk, &chosen.text)?;
        report.note(GENERATION_CURRENT, crate::disk::Change::Created);
    }
    Ok(())
}

/// Makes what is in force already a generation, and returns its number.
///
/// # Errors
/// When the system refuses.
pub fn adopt(disk: &Disk, text: &str) -> Result<u64, StoreError> {
    let store = Store(disk);
    store.prepare()?;
    // One that was written before the power went is taken as it is.
    let again = store.numbers()?.last().copied();
    let number = match again {
        Some(number) if store.text(number).is_ok_and(|old| old == text) => number,
        _ => store.create(
            text,
            &Meta {
                at: OffsetDateTime::now_utc(),
                by: "boxd".to_owned(),
                message: "in force when the box started".to_owned(),
                fate: Fate::Kept,
            },
        )?,
    };
    store.set_current(number)?;
    Ok(number)
}

//! The operator's file: its first form, and the copy to fall back on.

use super::{Report, StepError};
use crate::disk::{Access, Change, Disk};
use crate::effective::{Effective, Source};
use onebox_model::{config, paths};

/// Puts the commented template where no file is. An existing file is the
/// operator's, contents and mode.
pub(super) fn create(disk: &Disk, report: &mut Report) -> Result<(), StepError> {
    let change = match disk.read(paths::CONFIG)? {
        Some(_) => Change::Kept,
        None => disk.write(
            paths::CONFIG,
            config::template().as_bytes(),
            Access::root(0o644),
        )?,
    };
    report.note(paths::CONFIG, change);
    Ok(())
}

/// Keeps a copy of what is in force, for releases that know of no generations
/// and for the day none can be read.
pub(super) fn remember(
    disk: &Disk,
    chosen: &Effective,
    report: &mut Report,
) -> Result<(), StepError> {
    if matches!(chosen.source, Source::Generation | Source::File) {
        let change = disk.write(
            paths::CONFIG_LAST_GOOD,
            chosen.text.as_bytes(),
            Access::root(0o600),
        )?;
        report.note(paths::CONFIG_LAST_GOOD, change);
    }
    Ok(())
}

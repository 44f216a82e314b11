//! Which configuration is in force, for other programs to read.

use super::{Report, StepError};
use crate::disk::{Access, Disk};
use crate::effective::{Effective, Source};
use onebox_model::paths::{CONFIG, STATUS_CONFIG};
use serde::Serialize;

#[derive(Serialize)]
struct Status<'a> {
    /// The operator's file.
    path: &'a str,
    /// What is in force.
    source: Source,
    /// Why it is not the file; empty when it is.
    errors: &'a [String],
}

pub(super) fn write(disk: &Disk, chosen: &Effective, report: &mut Report) -> Result<(), StepError> {
    let mut text = serde_json::to_string_pretty(&Status {
        path: CONFIG,
        source: chosen.source,
        errors: &chosen.errors,
    })?;
    text.push('\n');
    let change = disk.write(STATUS_CONFIG, text.as_bytes(), Access::root(0o644))?;
    report.note(STATUS_CONFIG, change);
    Ok(())
}

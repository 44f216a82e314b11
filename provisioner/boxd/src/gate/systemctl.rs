//! `systemctl is-active`, typed.

use crate::command::{self, CommandError};
use std::path::Path;

/// The state of a unit that does its job.
pub(super) const ACTIVE: &str = "active";

/// The state of each unit. The exit status says only that some unit is not
/// active, so it is not looked at.
pub(super) fn states(
    program: &Path,
    units: &[String],
) -> Result<Vec<(String, String)>, CommandError> {
    let mut arguments = vec!["is-active"];
    arguments.extend(units.iter().map(String::as_str));
    let output = command::run(program, &arguments)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    Ok(units
        .iter()
        .map(|unit| {
            let state = lines
                .next()
                .map(str::trim)
                .filter(|state| !state.is_empty());
            (unit.clone(), state.unwrap_or("unknown").to_owned())
        })
        .collect())
}

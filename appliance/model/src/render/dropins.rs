//! Limits of each unit as systemd drop-ins.

use super::{Account, RenderedFile};
use crate::sizing::{Sizing, UnitLimits};

/// File name of every drop-in; the number puts it after the image's own and
/// before an operator's.
pub const DROPIN_NAME: &str = "50-onebox.conf";

/// One drop-in for each unit with limits, below a generator's `directory`.
#[must_use]
pub fn dropins(sizing: &Sizing, directory: &str) -> Vec<RenderedFile> {
    let directory = directory.trim_end_matches('/');
    sizing
        .units
        .iter()
        .map(|limits| RenderedFile {
            path: format!("{directory}/{}.d/{DROPIN_NAME}", limits.unit),
            mode: 0o644,
            owner: Account::Root,
            group: Account::Root,
            content: content(limits),
        })
        .collect()
}

fn content(limits: &UnitLimits) -> String {
    format!(
        "# Computed from this machine's memory and cores at boot.\n\
         [Service]\n\
         MemoryHigh={}\n\
         MemoryMax={}\n\
         TasksMax={}\n",
        limits.memory_high, limits.memory_max, limits.tasks_max
    )
}

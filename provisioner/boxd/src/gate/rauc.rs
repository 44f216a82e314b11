//! Confirming the running slot with RAUC.

use crate::command::{self, CommandError};
use std::path::Path;

const PARAMETER: &str = "rauc.slot=";

/// The slot the kernel's command line names.
#[must_use]
pub fn booted_slot(command_line: &str) -> Option<String> {
    command_line
        .split_ascii_whitespace()
        .find_map(|word| word.strip_prefix(PARAMETER))
        .filter(|slot| !slot.is_empty())
        .map(str::to_owned)
}

/// Confirms the slot that is booted.
pub(super) fn mark_good(program: &Path) -> Result<(), CommandError> {
    command::succeed(program, &["status", "mark-good"]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_is_found_among_other_words() {
        let slot = |text: &str| booted_slot(text);
        assert_eq!(slot("quiet rauc.slot=A root=x\n").as_deref(), Some("A"));
        assert_eq!(slot("rauc.slot=B").as_deref(), Some("B"));
        for text in ["", "quiet", "rauc.slot=", "xrauc.slot=A"] {
            assert_eq!(slot(text), None, "{text}");
        }
    }
}

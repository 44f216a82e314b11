//! The operator's file as a new box has it: every key, commented out.

use super::keys::{KEYS, Key};
use std::fmt::Write as _;

const HEADER: &str = "\
# This file configures the box. Everything in it has a default, so an empty
# file is a valid one; remove a leading # to change a value. It is read at
# boot; a file with a mistake in it is refused as a whole, the last good one
# stays in force and the mistake is named in the journal.
";

/// Text of a new operator's file: each section and key with its explanation,
/// defaults commented out, an example where leaving the key out is the default.
#[must_use]
pub fn template() -> String {
    let mut text = HEADER.to_owned();
    let mut current = "";
    for key in KEYS {
        let (section, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if section != current {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n[{section}]\n");
            current = section;
        }
        entry(&mut text, name, key);
    }
    text
}

fn entry(text: &mut String, name: &str, key: &Key) {
    let _ = writeln!(text, "# {}", key.doc);
    match key.default {
        Some(default) => {
            let _ = writeln!(text, "# Example: {name} = {}", key.example);
            let _ = writeln!(text, "#{name} = {default}");
        }
        None => {
            let _ = writeln!(text, "#{name} = {}", key.example);
        }
    }
}

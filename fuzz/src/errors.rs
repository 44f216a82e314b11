//! What an error says: where, what and what to do, each on one line of bearable
//! length.

use crate::NAME;
use onebox_model::ConfigError;
use onebox_model::config::{Origin, Problem};

/// Longest line of an error, in bytes: the longest value that is shown and all
/// names of the largest section.
const LONGEST: usize = 2048;

/// Checks the error of a text.
pub(crate) fn check(error: &ConfigError, text: &str) {
    let shown = error.to_string();
    match error {
        ConfigError::Syntax { origin, detail } => {
            assert!(!detail.is_empty(), "{error:?}");
            // Of nesting without end the parser does not say where it begins.
            let lost = detail == "recursion limit";
            assert!(lost || line_of(origin, text).is_some(), "no line: {shown}");
            check_line(&shown);
        }
        ConfigError::Invalid { problems } => {
            assert!(!problems.is_empty(), "an error about nothing");
            // Whatever is wrong takes a byte of its own.
            assert!(problems.len() <= text.len(), "{shown}");
            assert_eq!(shown.lines().count(), problems.len(), "{shown:?}");
            for problem in problems {
                check_problem(problem, text);
            }
        }
        ConfigError::Read { .. } => unreachable!("nothing was read: {shown}"),
    }
}

fn check_problem(problem: &Problem, text: &str) {
    let shown = problem.to_string();
    check_line(&shown);
    for part in [&problem.key, &problem.why, &problem.fix] {
        assert!(!part.is_empty(), "{problem:?}");
    }
    let key = problem.key.as_str();
    match line_of(&problem.origin, text) {
        Some(line) => assert!(may_hold(line, key), "{line:?}: {shown}"),
        // Then it is about what is not there.
        None => assert!(!has_section(text, key), "no line: {shown}"),
    }
}

/// Whether a part of the key stands in the line, as far as that is seen without
/// a parser: names may be written with escapes, and are shown cut and quoted.
fn may_hold(line: &str, key: &str) -> bool {
    let plain = |text: &str| !text.contains(['"', '\\']);
    !plain(line) || !plain(key) || key.split('.').any(|part| line.contains(part))
}

/// One line without anything that a terminal obeys.
fn check_line(shown: &str) {
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert!(shown.len() <= LONGEST, "{} bytes: {shown}", shown.len());
}

/// The line that an origin names.
fn line_of<'t>(origin: &Origin, text: &'t str) -> Option<&'t str> {
    let Origin::File { path, line } = origin else {
        unreachable!("no variable was given: {origin:?}");
    };
    assert_eq!(path.to_str(), Some(NAME));
    let line = (*line)?;
    // What is missing at the end is missed on a line of its own.
    let mut lines = text.split('\n').chain([""]);
    let found = line.checked_sub(1).and_then(|before| lines.nth(before));
    assert!(found.is_some(), "line {line} of {text:?}");
    found
}

/// Whether the section of a key begins on a line of the text.
fn has_section(text: &str, key: &str) -> bool {
    let first = key.split('.').next().unwrap_or(key);
    text.lines().any(|line| line == format!("[{first}]"))
}

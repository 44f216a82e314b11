//! Runs external programs and turns their failures into one line.

use std::io;
use std::process::{Command, Output};

use crate::error::{Error, Result};

/// Runs `command` to its end and returns its output.
///
/// # Errors
/// When the program is missing (naming the Debian `package`), can't be started,
/// or ends with a failure (with the last line of its stderr).
pub fn run(command: &mut Command, package: &'static str) -> Result<Output> {
    let output = command
        .output()
        .map_err(|error| not_started(command, package, &error))?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(failed(command, &output))
    }
}

/// The error for a program that could not be started.
#[must_use]
pub fn not_started(command: &Command, package: &'static str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::MissingProgram {
            program: name(command),
            package,
        },
        _ => Error::Program {
            program: name(command),
            status: "not started".into(),
            detail: error.to_string(),
        },
    }
}

/// The error for a program that ended badly.
#[must_use]
pub fn failed(command: &Command, output: &Output) -> Error {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let detail = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
    Error::Program {
        program: name(command),
        status: output.status.to_string(),
        detail: detail.unwrap_or("it said nothing").into(),
    }
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_names_its_package() {
        let error = run(&mut Command::new("onebox-no-such-program"), "some-package").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("onebox-no-such-program") && text.contains("some-package"),
            "{text}"
        );
    }

    #[test]
    fn a_failure_carries_the_last_line_of_stderr() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first >&2; echo the reason >&2; exit 3"]);
        let text = run(&mut command, "dash").unwrap_err().to_string();
        assert!(text.contains("the reason") && text.contains('3'), "{text}");
        assert!(!text.contains("first"), "{text}");
    }
}

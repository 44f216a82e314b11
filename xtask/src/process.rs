//! Runs external programs: output captured, stderr kept in the error.

use std::process::{Command, Stdio};

/// An external program that could not be run or that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    /// The program could not be started at all.
    #[error("cannot run `{program}` to {purpose}: {source}")]
    Start {
        /// The program's name.
        program: String,
        /// What it was wanted for.
        purpose: String,
        /// Why it did not start.
        #[source]
        source: std::io::Error,
    },
    /// The program failed and said why on the terminal.
    #[error("`{program}` failed to {purpose} ({status}), as it says above")]
    Shown {
        /// The program's name.
        program: String,
        /// What it was wanted for.
        purpose: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The program ran and ended with a status other than 0.
    #[error("`{program}` failed to {purpose} ({status}):\n{stderr}")]
    Failed {
        /// The program's name.
        program: String,
        /// What it was wanted for.
        purpose: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said.
        stderr: String,
    },
}

/// Runs `command` with no input and returns its standard output.
pub(crate) fn output(command: &mut Command, purpose: &str) -> Result<Vec<u8>, ProcessError> {
    piped_output(command.stdin(Stdio::null()), purpose)
}

/// Like [`output`], with the input that `command` was given.
pub(crate) fn piped_output(command: &mut Command, purpose: &str) -> Result<Vec<u8>, ProcessError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let result = command.output().map_err(|source| ProcessError::Start {
        program: program.clone(),
        purpose: purpose.into(),
        source,
    })?;
    if result.status.success() {
        return Ok(result.stdout);
    }
    Err(ProcessError::Failed {
        program,
        purpose: purpose.into(),
        status: result.status,
        stderr: String::from_utf8_lossy(&result.stderr).trim_end().into(),
    })
}

/// Like [`output`], as text.
pub(crate) fn text(command: &mut Command, purpose: &str) -> Result<String, ProcessError> {
    output(command, purpose).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs `command` with its output on the terminal.
pub(crate) fn run(command: &mut Command, purpose: &str) -> Result<(), ProcessError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| ProcessError::Start {
        program: program.clone(),
        purpose: purpose.into(),
        source,
    })?;
    if status.success() {
        return Ok(());
    }
    Err(ProcessError::Shown {
        program,
        purpose: purpose.into(),
        status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_what_the_program_said() {
        let mut command = Command::new("sh");
        let error = output(command.args(["-c", "echo broken >&2; exit 3"]), "try").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("broken") && text.contains("3"), "{text}");
    }

    #[test]
    fn a_missing_program_is_named_with_its_purpose() {
        let error = run(&mut Command::new("no-such-program"), "try").unwrap_err();
        assert!(
            error.to_string().contains("`no-such-program` to try"),
            "{error}"
        );
    }
}

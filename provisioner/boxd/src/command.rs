//! Running other programs: what was run and what it said stays in the error.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A program could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// It could not be started.
    #[error("cannot start `{command}`: {source}; is it installed?")]
    Start {
        /// Program and arguments.
        command: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It failed.
    #[error("`{command}` failed ({status}): {stderr}")]
    Failed {
        /// Program and arguments.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said.
        stderr: String,
    },
}

/// Runs a program to its end, whatever its exit status.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> Result<Output, CommandError> {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| CommandError::Start {
            command: shown(program, arguments),
            source,
        })
}

/// Runs a program that must succeed.
pub(crate) fn succeed(program: &Path, arguments: &[&str]) -> Result<Output, CommandError> {
    let output = run(program, arguments)?;
    if output.status.success() {
        return Ok(output);
    }
    Err(CommandError::Failed {
        command: shown(program, arguments),
        status: output.status,
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn shown(program: &Path, arguments: &[&str]) -> String {
    format!("{} {}", program.display(), arguments.join(" "))
}

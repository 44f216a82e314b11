//! Logs in to the box with the system's own `ssh`, as root, with the key made
//! for this virtual machine and a file of its own for the box's host key.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::{State, process};

const PACKAGE: &str = "openssh-client";

/// A way into one virtual machine.
#[derive(Clone, Debug)]
pub struct Ssh {
    key: PathBuf,
    known_hosts: PathBuf,
    port: u16,
    connect_limit: Duration,
}

impl Ssh {
    /// The way into the machine in `state` whose SSH port is `port` here.
    #[must_use]
    pub fn new(state: &State, port: u16) -> Self {
        let (key, known_hosts) = (state.key(), state.known_hosts());
        // An emulated box takes seconds for the handshake.
        Self {
            key,
            known_hosts,
            port,
            connect_limit: Duration::from_secs(30),
        }
    }

    /// The same with another patience for the connection.
    #[must_use]
    pub fn connect_limit(self, connect_limit: Duration) -> Self {
        Self {
            connect_limit,
            ..self
        }
    }

    /// Runs `script` in the box's shell. A failing script is not an error here:
    /// look at the output's status (255 is ssh's own failure).
    ///
    /// # Errors
    /// When `ssh` is missing.
    pub fn output(&self, script: &str) -> Result<Output> {
        let mut command = self.command();
        command
            .args(["-T", "-o", "BatchMode=yes"])
            .arg("--")
            .arg(script);
        command.stdin(Stdio::null());
        command
            .output()
            .map_err(|error| process::not_started(&command, PACKAGE, &error))
    }

    /// Runs `script` and returns what it prints.
    ///
    /// # Errors
    /// When the box can't be reached or the script fails.
    pub fn run(&self, script: &str) -> Result<String> {
        let output = self.output(script)?;
        if !output.status.success() {
            return Err(match process::failed(&self.command(), &output) {
                Error::Program { status, detail, .. } => {
                    let program = format!("“{script}” on the box");
                    Error::Program {
                        program,
                        status,
                        detail,
                    }
                }
                other => other,
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A command that gives the person at the terminal the box's shell, or runs
    /// `words` there.
    #[must_use]
    pub fn interactive(&self, words: &[String]) -> Command {
        let mut command = self.command();
        command.arg("--").args(words);
        command
    }

    /// What a person would type to log in.
    #[must_use]
    pub fn command_line(&self) -> String {
        let command = self.command();
        let words = command.get_args().map(|arg| quoted(&arg.to_string_lossy()));
        std::iter::once("ssh".to_owned())
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The error of a `Command` made here that could not be started.
    #[must_use]
    pub fn not_started(&self, error: &io::Error) -> Error {
        process::not_started(&self.command(), PACKAGE, error)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("ssh");
        // The person's own configuration must not change what this does.
        command.args(["-F", "/dev/null", "-p", &self.port.to_string()]);
        command.arg("-i").arg(&self.key);
        let known_hosts = self.known_hosts.to_string_lossy().replace('%', "%%");
        for option in [
            "IdentitiesOnly=yes".to_owned(),
            "StrictHostKeyChecking=accept-new".to_owned(),
            format!("UserKnownHostsFile=\"{known_hosts}\""),
            format!("ConnectTimeout={}", self.connect_limit.as_secs().max(1)),
            "ServerAliveInterval=15".to_owned(),
            "LogLevel=ERROR".to_owned(),
        ] {
            command.arg("-o").arg(option);
        }
        command.arg("root@127.0.0.1");
        command
    }
}

fn quoted(word: &str) -> String {
    let safe = |char: char| char.is_ascii_alphanumeric() || "-_./=@%:".contains(char);
    if word.chars().all(safe) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_can_be_pasted_into_a_shell() {
        let line = Ssh::new(&State::new("/a b"), 2222).command_line();
        assert!(
            line.starts_with("ssh -F /dev/null -p 2222 -i '/a b/id_ed25519'"),
            "{line}"
        );
        assert!(
            line.contains("'UserKnownHostsFile=\"/a b/known_hosts\"'"),
            "{line}"
        );
        assert!(line.ends_with("root@127.0.0.1"), "{line}");
    }

    #[test]
    fn a_box_that_does_not_answer_is_an_error_with_a_reason() {
        let temp = tempfile::tempdir().unwrap();
        let port = crate::ports::free().unwrap().ssh;
        let error = Ssh::new(&State::new(temp.path()), port)
            .run("true")
            .unwrap_err();
        assert!(error.to_string().contains("refused"), "{error}");
    }
}

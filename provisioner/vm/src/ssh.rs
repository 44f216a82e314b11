//! Logs in to the box with the system's own `ssh`, as root, with the key made
//! for this virtual machine and a file of its own for the box's host key.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use std::{fs, io};

use crate::error::{Error, IoContext as _, Result};
use crate::{State, process};

const PACKAGE: &str = "openssh-client";

/// What the box is called in its ssh_config(5).
const HOST: &str = "onebox";

/// A way into one virtual machine.
#[derive(Clone, Debug)]
pub struct Ssh {
    key: PathBuf,
    known_hosts: PathBuf,
    config: PathBuf,
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
            config: state.ssh_config(),
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

    /// What a person would type to log in, once [`Ssh::write_config`] has run.
    #[must_use]
    pub fn command_line(&self) -> String {
        format!("ssh -F {} {HOST}", quoted(&self.config.to_string_lossy()))
    }

    /// Writes an ssh_config(5) that other programs (scp, rsync, editors) can
    /// use too.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write_config(&self) -> Result<()> {
        let mut text = format!("Host {HOST}\n");
        for (keyword, value) in self.options() {
            text.push_str(&format!("  {keyword} {value}\n"));
        }
        fs::write(&self.config, text).at("write", &self.config)
    }

    /// The error of a `Command` made here that could not be started.
    #[must_use]
    pub fn not_started(&self, error: &io::Error) -> Error {
        process::not_started(&self.command(), PACKAGE, error)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("ssh");
        // The person's own configuration must not change what this does.
        command.args(["-F", "/dev/null"]);
        for (keyword, value) in self.options() {
            command.arg("-o").arg(format!("{keyword}={value}"));
        }
        command.arg(HOST);
        command
    }

    fn options(&self) -> [(&'static str, String); 10] {
        let file = |path: &Path| format!("\"{}\"", path.to_string_lossy().replace('%', "%%"));
        [
            ("HostName", "127.0.0.1".into()),
            ("Port", self.port.to_string()),
            ("User", "root".into()),
            ("IdentityFile", file(&self.key)),
            ("IdentitiesOnly", "yes".into()),
            ("UserKnownHostsFile", file(&self.known_hosts)),
            ("StrictHostKeyChecking", "accept-new".into()),
            (
                "ConnectTimeout",
                self.connect_limit.as_secs().max(1).to_string(),
            ),
            ("ServerAliveInterval", "15".into()),
            ("LogLevel", "ERROR".into()),
        ]
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
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a b");
        fs::create_dir(&dir).unwrap();
        let ssh = Ssh::new(&State::new(&dir), 2222);
        ssh.write_config().unwrap();
        // `-G` prints what ssh made of its configuration and connects nowhere.
        let script = ssh.command_line().replacen("ssh", "ssh -G", 1);
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let has = |line: &str| told.lines().any(|found| found == line);
        assert!(has("hostname 127.0.0.1") && has("port 2222"), "{told}");
        assert!(has("user root"), "{told}");
        let key = dir.join("id_ed25519");
        assert!(has(&format!("identityfile {}", key.display())), "{told}");
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

//! The box as its operator sees it: a root shell over SSH, and the database
//! and the cache through their own sockets.

use std::fs::File;
use std::path::Path;
use std::process::Output;

use onebox_model::paths;
use onebox_vm::ssh::Ssh;
use serde_json::Value;

/// A running box.
#[derive(Clone, Debug)]
pub struct Guest {
    ssh: Ssh,
}

impl Guest {
    /// The box that `ssh` leads to.
    #[must_use]
    pub fn new(ssh: Ssh) -> Self {
        Self { ssh }
    }

    /// What `script` prints; it must succeed.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn run(&self, script: &str) -> String {
        match self.ssh.run(script) {
            Ok(text) => text.trim_end().to_owned(),
            Err(error) => panic!("{error}"),
        }
    }

    /// The output of `script`, which may fail.
    ///
    /// # Panics
    /// When the box can't be reached.
    #[must_use]
    pub fn output(&self, script: &str) -> Output {
        let output = self.ssh.output(script).expect("run ssh");
        assert_ne!(
            output.status.code(),
            Some(255),
            "the box can't be reached for “{script}”: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Takes a program from here to the box.
    ///
    /// # Panics
    /// When it can't be.
    pub fn put(&self, program: &Path, place: &str) {
        let file = File::open(program).expect("open the program");
        let script = format!("cat >{place} && chmod 755 {place}");
        let mut command = self.ssh.interactive(&[script]);
        let status = command.stdin(file).status().expect("run ssh");
        assert!(
            status.success(),
            "{} did not get to the box",
            program.display()
        );
    }

    /// Text into a file on the box.
    ///
    /// # Panics
    /// When the box does not take it.
    pub fn write(&self, file: &str, text: &str) {
        let quoted = text.replace('\'', "'\\''");
        let _ = self.run(&format!("printf '%s' '{quoted}' >{file}"));
    }

    /// What a command says with `--json`.
    ///
    /// # Panics
    /// When that is none.
    #[must_use]
    pub fn json(&self, command: &str) -> Value {
        let output = self.output(&format!("{command} --json"));
        let (text, steps) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{command}: {error}: {text}\n{steps}"))
    }

    /// What the database answers, one row a line.
    #[must_use]
    pub fn sql(&self, query: &str) -> String {
        let (quoted, socket) = (quote(query), paths::POSTGRES_SOCKET_DIR);
        self.run(&format!(
            "PATH=$PATH:/usr/lib/postgresql/17/bin runuser -u postgres -- \
             psql -X -h {socket} -d wizamart -v ON_ERROR_STOP=1 -Atc {quoted}"
        ))
    }

    /// What Redis answers to a command.
    #[must_use]
    pub fn redis(&self, command: &str) -> String {
        self.run(&format!("redis-cli -s {} {command}", paths::REDIS_SOCKET))
    }

    /// Where the boot's time went; the boot must be over.
    #[must_use]
    pub fn boot_times(&self) -> String {
        self.run("systemd-analyze; systemd-analyze critical-chain --no-pager")
    }

    /// The properties that must be the same after every boot: who the box is.
    #[must_use]
    pub fn identity(&self) -> String {
        self.run(&format!(
            "cat /etc/machine-id {} && sha256sum {} {}",
            paths::SSH_HOST_KEY_PUB,
            paths::TLS_CHAIN,
            paths::INITIAL_ADMIN
        ))
    }
}

/// A word for the shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

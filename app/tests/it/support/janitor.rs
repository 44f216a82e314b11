//! A server that ends when this process does, however that ends: its keeper is
//! a shell that waits for the end of a pipe only we hold.

use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

const SCRIPT: &str = r#"
signal=$1 remove=$2; shift 2
"$@" </dev/null & server=$!
cat >/dev/null
kill -s "$signal" $server
wait $server
[ -z "$remove" ] || rm -rf "$remove"
"#;

#[derive(Debug)]
pub struct Kept {
    keeper: Child,
    pipe: Option<ChildStdin>,
}

impl Kept {
    /// Starts a server; `signal` stops it, and then `remove` is removed.
    pub fn start(signal: &str, remove: Option<&Path>, log: &Path, command: &[String]) -> Self {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        let mut keeper = Command::new("sh")
            .args(["-c", SCRIPT, "keeper", signal])
            .arg(remove.unwrap_or_else(|| Path::new("")))
            .args(command)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("start a shell");
        let pipe = keeper.stdin.take();
        Self { keeper, pipe }
    }

    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ended = self.keeper.wait();
    }
}

/// The first of these files that exists.
pub fn program(candidates: &[String], package: &str) -> String {
    candidates
        .iter()
        .find(|path| Path::new(path).exists())
        .cloned()
        .unwrap_or_else(|| {
            panic!("these tests need the Debian package {package} (looked for {candidates:?})")
        })
}

/// A command under another user's id; PostgreSQL refuses to run as root.
pub fn as_user(user: &str, command: &[String]) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    if is_root() {
        let (reuid, regid) = (format!("--reuid={user}"), format!("--regid={user}"));
        whole.extend(["setpriv".into(), reuid, regid, "--clear-groups".into()]);
    }
    whole.extend_from_slice(command);
    whole
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs a command to its end.
pub fn run(command: &[String]) {
    let output = Command::new(&command[0])
        .args(&command[1..])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

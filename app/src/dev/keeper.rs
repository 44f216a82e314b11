//! A server that ends when this process does, also when that is killed: its
//! keeper is a shell that waits for the end of a pipe only we hold. It is in a
//! process group of its own, so that Ctrl-C reaches us first and the servers
//! last.

use super::{DevError, file};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

const SCRIPT: &str = r#"
signal=$1; shift
"$@" </dev/null & server=$!
cat >/dev/null
kill -s "$signal" $server 2>/dev/null
wait $server
"#;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; dropping it stops it and waits for its end.
#[derive(Debug)]
pub struct Kept {
    keeper: Child,
    pipe: Option<ChildStdin>,
}

/// An account to run a server as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub uid: u32,
    /// Its group's.
    pub gid: u32,
}

impl Kept {
    /// Starts a server that `signal` stops, and waits for its socket.
    ///
    /// # Errors
    /// When it does not come up; with the end of its log.
    pub fn start(
        program: &'static str,
        signal: &str,
        command: &[String],
        account: Option<Account>,
        log: &Path,
        socket: &Path,
    ) -> Result<Self, DevError> {
        // A socket of an earlier run would pass for the new one's.
        let _gone = std::fs::remove_file(socket);
        let output = std::fs::File::create(log).map_err(file("write", log))?;
        let errors = output.try_clone().map_err(file("write", log))?;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SCRIPT, "keeper", signal])
            .args(command)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        dress(&mut shell, account);
        let mut keeper = shell.spawn().map_err(file("start", "sh"))?;
        let pipe = keeper.stdin.take();
        let mut kept = Self { keeper, pipe };
        let begun = Instant::now();
        while UnixStream::connect(socket).is_err() {
            // The shell needs a moment before it has both its children.
            let ended = begun.elapsed() > Duration::from_secs(1) && !kept.is_running();
            if ended || begun.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                let lines: Vec<&str> = said.lines().rev().take(5).collect();
                let said = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
                return Err(DevError::Failed { program, said });
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(kept)
    }

    /// Whether it has not ended by itself.
    pub fn is_running(&mut self) -> bool {
        // The shell waits for our pipe even when the server has ended; its
        // child is what counts.
        let children = format!("/proc/{0}/task/{0}/children", self.keeper.id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        children.split_whitespace().count() > 1 || children.is_empty()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ended = self.keeper.wait();
    }
}

/// Has a command run as an account.
pub(super) fn dress(command: &mut Command, account: Option<Account>) {
    if let Some(Account { uid, gid }) = account {
        command.uid(uid).gid(gid);
    }
}

/// An account by its name, from the machine's list.
pub(super) fn account(name: &str) -> Option<Account> {
    let list = std::fs::read_to_string("/etc/passwd").ok()?;
    list.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields[..] {
            [found, _, uid, gid, ..] if found == name => Some(Account {
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
            }),
            _ => None,
        }
    })
}

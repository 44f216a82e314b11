//! The real binary as a process, with a systemd played by the test.

use super::secrets;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What the processes are configured with.
pub struct Env {
    pub dir: tempfile::TempDir,
    vars: Vec<(String, String)>,
}

impl Env {
    pub fn new(database_url: &str, redis_url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("seal-keys");
        std::fs::write(&keys, &*onebox_model::seal_keys::new_file(&secrets::key())).unwrap();
        let vars = vec![
            (
                "ONEBOX_SECRETS__KEY_FILE".to_owned(),
                keys.display().to_string(),
            ),
            ("ONEBOX_DATABASE__URL".to_owned(), database_url.to_owned()),
            ("ONEBOX_REDIS__URL".to_owned(), redis_url.to_owned()),
            // One address for many processes would be taken.
            ("ONEBOX_METRICS__LISTEN".to_owned(), "off".to_owned()),
        ];
        Self { dir, vars }
    }

    /// Sets one more variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.vars.push((name.to_owned(), value.to_owned()));
    }

    /// With more settings.
    pub fn with(mut self, vars: Vec<(String, String)>) -> Self {
        self.vars.extend(vars);
        self
    }

    /// With another variable.
    pub fn with_one(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wizamart"));
        command.args(args);
        self.dress(&mut command);
        command
    }

    fn dress(&self, command: &mut Command) {
        command
            .env_remove("NOTIFY_SOCKET")
            .env_remove("JOURNAL_STREAM");
        command.envs(self.vars.iter().cloned());
    }

    pub fn start(&self, args: &[&str]) -> Process {
        let mut command = self.command(args);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.log());
        Process(command.spawn().unwrap())
    }

    /// Starts `wizamart web` as systemd would: `sockets` become descriptors 3
    /// and on under `names`, separated by colons; states go to `notify`.
    pub fn start_activated(
        &self,
        sockets: [&TcpListener; 2],
        order: &[(usize, &str)],
        notify: Option<&Notify>,
    ) -> Process {
        let dups: Vec<String> = (order.iter().enumerate())
            .map(|(at, (socket, _))| format!("{}<&{socket}", at + 3))
            .collect();
        let names: Vec<&str> = order.iter().map(|(_, name)| *name).collect();
        let script = format!(
            "exec {}; exec 0</dev/null 1>&2; LISTEN_PID=$$ LISTEN_FDS={} LISTEN_FDNAMES={} \
             exec \"$0\" web --tls-dir \"$1\" --state-dir \"$1\"",
            dups.join(" "),
            order.len(),
            names.join(":"),
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", &script, env!("CARGO_BIN_EXE_wizamart")])
            .arg(self.dir.path());
        self.dress(&mut command);
        if let Some(notify) = notify {
            command.env("NOTIFY_SOCKET", &notify.path);
        }
        let [first, second] = sockets.map(|socket| OwnedFd::from(socket.try_clone().unwrap()));
        command
            .stdin(Stdio::from(first))
            .stdout(Stdio::from(second))
            .stderr(self.log());
        Process(command.spawn().unwrap())
    }

    fn log(&self) -> std::fs::File {
        std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap()
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

/// A process that does not outlive its test.
pub struct Process(Child);

impl Process {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub async fn ended(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "the process does not end"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The receiving end of a notification socket.
pub struct Notify {
    pub path: PathBuf,
    socket: UnixDatagram,
    _dir: tempfile::TempDir,
}

/// One datagram and the descriptors that came with it.
pub struct Message {
    pub text: String,
    pub fds: Vec<OwnedFd>,
}

impl Notify {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self {
            path,
            socket,
            _dir: dir,
        }
    }

    fn receive(&self) -> Option<Message> {
        use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
        let mut bytes = [0; 4096];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut buffers = [std::io::IoSliceMut::new(&mut bytes)];
        let flags = RecvFlags::CMSG_CLOEXEC;
        let length = recvmsg(&self.socket, &mut buffers, &mut ancillary, flags)
            .ok()?
            .bytes;
        let fds = ancillary
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(fds) => Some(fds.collect::<Vec<_>>()),
                _ => None,
            })
            .flatten()
            .collect();
        Some(Message {
            text: String::from_utf8_lossy(&bytes[..length]).into_owned(),
            fds,
        })
    }

    /// Waits for a state and gives it with everything that came before it.
    pub async fn until(&self, state: &str) -> Vec<Message> {
        let started = Instant::now();
        let mut all = Vec::new();
        loop {
            while let Some(message) = self.receive() {
                let found = message.text.lines().any(|line| line == state);
                all.push(message);
                if found {
                    return all;
                }
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "never notified: {state}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

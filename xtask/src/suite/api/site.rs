//! The application to be asked: `wizamart dev`, which is web and workers on
//! servers of its own, with demo shops.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use ureq::Agent;

use crate::{
    cargo::{self, CargoError},
    http,
    workspace::Workspace,
};

/// How long an answer, or the end, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The queue whose jobs ask other hosts.
const OUTBOUND: &str = "imports";
/// The tool asks more often than anybody is allowed to.
const LIMITS: [&str; 6] = [
    "API_PER_USER",
    "PUBLIC_PER_ADDRESS",
    "LOGINS_PER_ADDRESS",
    "PASSWORD_RESETS_PER_ADDRESS",
    "LOGIN_FAILURES_PER_ACCOUNT",
    "LOGIN_FAILURES_PER_ADDRESS",
];

/// Why there is no site, or why it does not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SiteError {
    /// The application was not built.
    #[error(transparent)]
    Build(#[from] CargoError),
    /// It did not start.
    #[error("cannot start the application: {0}")]
    Start(#[source] io::Error),
    /// It ended before it had said who may log in.
    #[error("the application ended at its start; see target/test-logs/api-site.log")]
    Ended,
    /// It answers something else than expected.
    #[error("{what}: {said}")]
    Answer {
        /// What was asked for.
        what: &'static str,
        /// What came.
        said: String,
    },
    /// It could not be stopped.
    #[error("cannot stop the application: {0}")]
    Stop(String),
}

/// Who may log in.
#[derive(Debug, Clone, Default)]
pub(super) struct Login {
    email: String,
    password: String,
}

/// A running application. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Site {
    /// `http://127.0.0.1:PORT`
    pub(super) base: String,
    /// A shop's owner.
    pub(super) owner: Login,
    /// The administrator.
    pub(super) admin: Login,
    agent: Agent,
    process: Child,
    dir: tempfile::TempDir,
}

impl Site {
    /// Builds and starts it; what it says goes to a log.
    pub(super) fn start(workspace: &Workspace, log: &Path) -> Result<Self, SiteError> {
        let program = cargo::program(workspace, "wizamart")?;
        // Started by root, PostgreSQL runs as another user and must get in.
        let open = std::fs::Permissions::from_mode(0o755);
        let dir = tempfile::Builder::new().permissions(open).tempdir();
        let dir = dir.map_err(SiteError::Start)?;
        let port = free_port().map_err(SiteError::Start)?;
        let mut log = File::create(log).map_err(SiteError::Start)?;
        let errors = log.try_clone().map_err(SiteError::Start)?;
        let mut command = Command::new(program);
        command
            .args(["dev", "--port", &port.to_string()])
            .current_dir(dir.path())
            .envs(LIMITS.map(|limit| (format!("ONEBOX_LIMITS__{limit}"), "0")))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        let mut process = command.spawn().map_err(SiteError::Start)?;
        let stdout = process.stdout.take();
        let mut site = Self {
            base: format!("http://127.0.0.1:{port}"),
            owner: Login::default(),
            admin: Login::default(),
            agent: http::agent(1, PATIENCE),
            process,
            dir,
        };
        let mut lines = BufReader::new(stdout.ok_or(SiteError::Ended)?).lines();
        while site.admin.email.is_empty() {
            let line = lines.next().and_then(Result::ok).ok_or(SiteError::Ended)?;
            site.hear(&line);
            // A log that cannot be written must not hide how the checks end.
            let _ = writeln!(log, "{line}");
        }
        // Its further words must not fill the pipe.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
            }
        });
        site.wait()?;
        site.hold_outbound()?;
        Ok(site)
    }

    /// A directory that goes with the site.
    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// An access token of a new login.
    pub(super) fn token(&self, login: &Login) -> Result<String, SiteError> {
        let body = json!({"email": login.email, "password": login.password});
        let answer = self
            .agent
            .post(format!("{}/api/v1/auth/login", self.base))
            .header("content-type", "application/json")
            .send(body.to_string());
        let text = text_of("log in", answer, 200)?;
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let token = value["access_token"].as_str().map(str::to_owned);
        token.ok_or(SiteError::Answer {
            what: "log in",
            said: text,
        })
    }

    /// Whether a login has outlived what was done with it.
    pub(super) fn still_in(&self, token: &str) -> Result<(), SiteError> {
        let answer = self
            .agent
            .get(format!("{}/api/v1/auth/me", self.base))
            .header("authorization", format!("Bearer {token}"))
            .call();
        text_of("the login has ended meanwhile", answer, 200).map(drop)
    }

    /// Stops it as Ctrl-C does, and waits until it and its servers have ended.
    pub(super) fn stop(mut self) -> Result<(), SiteError> {
        self.interrupt()?;
        let begun = Instant::now();
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(SiteError::Stop(format!("it ended with {status}"))),
                Err(error) => return Err(SiteError::Stop(error.to_string())),
                Ok(None) if begun.elapsed() > PATIENCE => {
                    return Err(SiteError::Stop("it does not end".to_owned()));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Notes who may log in:
    /// `…; ADDRESS logs in with PASSWORD` and `…  log in as ADDRESS with PASSWORD`.
    fn hear(&mut self, line: &str) {
        let login = |email: &str, password: &str| Login {
            email: email.to_owned(),
            password: password.trim().to_owned(),
        };
        if let Some((before, password)) = line.split_once(" logs in with ") {
            self.owner = login(before.rsplit(' ').next().unwrap_or_default(), password);
        } else if let Some((_, both)) = line.split_once("log in as ")
            && let Some((email, password)) = both.split_once(" with ")
        {
            self.admin = login(email, password);
        }
    }

    fn wait(&self) -> Result<(), SiteError> {
        let begun = Instant::now();
        loop {
            let answer = self.agent.get(format!("{}/health", self.base)).call();
            match text_of("the application does not answer", answer, 200) {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Made-up addresses of feeds are taken, and nobody goes there.
    fn hold_outbound(&self) -> Result<(), SiteError> {
        let token = self.token(&self.admin)?;
        let answer = self
            .agent
            .post(format!("{}/api/v1/queues/{OUTBOUND}/pause", self.base))
            .header("authorization", format!("Bearer {token}"))
            .send_empty();
        text_of("pause the imports", answer, 204).map(drop)
    }

    fn interrupt(&self) -> Result<(), SiteError> {
        let stop = |text: &str| SiteError::Stop(text.to_owned());
        let id = i32::try_from(self.process.id()).map_err(|_| stop("its id is no id"))?;
        let pid = Pid::from_raw(id).ok_or_else(|| stop("its id is no id"))?;
        kill_process(pid, Signal::INT).map_err(|error| SiteError::Stop(error.to_string()))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text_of(
    what: &'static str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    status: u16,
) -> Result<String, SiteError> {
    let said = |said: String| SiteError::Answer { what, said };
    let mut answer = answer.map_err(|error| said(error.to_string()))?;
    let text = answer.body_mut().read_to_string();
    let text = text.map_err(|error| said(error.to_string()))?;
    if answer.status() == status {
        Ok(text)
    } else {
        Err(said(format!("{}: {text}", answer.status())))
    }
}

/// A port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

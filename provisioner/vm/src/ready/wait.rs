//! Waiting for a box to become ready.
//!
//! A connection to a box that has no network yet hangs instead of failing, so
//! the asking is done by a thread of its own: whoever waits sees the phases of
//! the boot at once and can stop waiting at any moment.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Readiness, pin, probe};
use crate::error::{Error, Result};
use crate::https::Client;
use crate::pin::Trust;
use crate::serial::{self, Phase};
use crate::ssh::Ssh;
use crate::vm::Vm;

/// An emulated box in the middle of its boot takes seconds for a handshake.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

/// Between two questions to the box.
const PAUSE: Duration = Duration::from_millis(500);

/// Between two looks at the serial log.
const LOOK: Duration = Duration::from_millis(200);

/// How far waiting has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The serial log shows this phase.
    Booting(Phase),
    /// The application answers and these are not well yet.
    NotReady(Vec<String>),
}

impl Progress {
    /// The progress in a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Booting(phase) => phase.to_string(),
            Self::NotReady(failures) if failures.is_empty() => "not ready".into(),
            Self::NotReady(failures) => format!("not ready: {}", failures.join("; ")),
        }
    }
}

/// Waits until the box that runs in `vm` is ready, and returns a client that
/// has its certificate pinned. `watch` hears of progress several times a
/// second; when it returns false the waiting ends with `Ok(None)`.
///
/// # Errors
/// When the machine stops or the deadline passes.
pub fn wait(
    vm: &Vm,
    limit: Duration,
    mut watch: impl FnMut(&Progress) -> bool,
) -> Result<Option<Client>> {
    let deadline = Instant::now() + limit;
    let log = vm.serial();
    let port = vm.settings().ports.https;
    let listening = Arc::new(());
    let answers = ask(
        vm.ssh(),
        port,
        Client::new(port, Trust::Reachability)?,
        &listening,
    );
    let mut progress = Progress::Booting(Phase::Firmware);
    while Instant::now() < deadline {
        if vm.pid()?.is_none() {
            let (during, log) = (progress.describe(), log.path().to_owned());
            return Err(Error::Died { during, log });
        }
        match answers.recv_timeout(LOOK) {
            Ok((readiness, client)) if readiness.is_ready() => return Ok(Some(client)),
            Ok((readiness, _)) => progress = Progress::NotReady(readiness.failures()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if let Progress::Booting(_) = progress {
            progress = Progress::Booting(serial::phase(&log.read()?));
        }
        if !watch(&progress) {
            return Ok(None);
        }
    }
    let what = format!("the box being ready ({})", progress.describe());
    Err(Error::Timeout { what, limit })
}

/// Asks the box again and again until `listening` is gone.
fn ask(
    ssh: Ssh,
    port: u16,
    unpinned: Client,
    listening: &Arc<()>,
) -> mpsc::Receiver<(Readiness, Client)> {
    let (sender, answers) = mpsc::sync_channel(0);
    let listening = Arc::downgrade(listening);
    let unpinned = unpinned.limit(PROBE_LIMIT);
    thread::spawn(move || {
        let mut pinned: Option<Client> = None;
        while listening.strong_count() > 0 {
            if pinned.is_none() && unpinned.get("/health", None).is_ok() {
                pinned = pin(&ssh, port).ok();
            }
            if let Some(client) = &pinned
                && let Ok(readiness) = probe(client)
                && sender.send((readiness, client.clone())).is_err()
            {
                return;
            }
            thread::sleep(PAUSE);
        }
    });
    answers
}

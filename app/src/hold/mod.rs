//! Holding everything back while an upgrade is on trial. The new version runs
//! on data that it has migrated; until that is committed, going back must lose
//! nothing. So, for as long as the keeper's file `held` is there, requests
//! wait, workers take no job but those of the self-test, and nothing that runs
//! by the clock writes. When the file is gone everything goes on by itself.
//!
//! It must never let pass what it does not know: only who shows the trial's
//! token is let through ([`token`]), and a look that fails changes nothing.
//!
//! Stopping while holding is of two kinds. A process that was at work before
//! the hold began is the version that is being left: what it holds it still
//! answers, because the data is copied only when it has gone. One that was
//! started while held is on trial, and refuses what it holds: an answer given
//! by it could be lost.
//!
//! Start reading at [`Hold`]; requests wait in [`crate::middleware::hold`].

pub mod token;

use crate::lifecycle::Shutdown;
use onebox_model::paths;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Between two looks at the file.
const LOOK: Duration = Duration::from_millis(50);

/// How many of those that were held go on at a time. Fewer than the connections
/// that a web process has to the database: who comes now needs some too.
const RETURNING: usize = 6;

/// How long a request is held at most.
const PATIENCE: Duration = Duration::from_secs(600);

/// Whether work is held back. A handle; cheap to clone.
#[derive(Clone, Debug)]
pub struct Hold(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Asked by every request; the same as `news`, without its lock.
    held: AtomicBool,
    news: watch::Sender<State>,
    /// Whether this process was started while held, and held ever since.
    on_trial: AtomicBool,
    patience: Duration,
    file: PathBuf,
    token: PathBuf,
    /// Of the requests that were held, those that go on.
    returning: Arc<Semaphore>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Held,
    /// The process stops and must not do what it held back.
    Refused,
}

/// A held request's turn to go on; over when it is dropped.
#[derive(Debug)]
pub struct Turn(
    #[expect(dead_code, reason = "kept until it is dropped")] Option<OwnedSemaphorePermit>,
);

/// Why something that was held is not to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The trial takes longer than anybody should wait.
    #[error("held for {0:?}, and the trial is not over")]
    Late(Duration),
    /// The process stops, and with it the version on trial.
    #[error("the version on trial is being stopped")]
    Stopping,
}

impl Hold {
    /// The hold of the trial whose files are in `dir`. It looks once, at once,
    /// so that nothing passes before [`Self::watch`] has begun.
    #[must_use]
    pub fn below(dir: &Path) -> Self {
        Self::with_patience(dir, PATIENCE)
    }

    /// The same with another limit to how long a request is held.
    #[must_use]
    pub fn with_patience(dir: &Path, patience: Duration) -> Self {
        let file = paths::in_dir(dir, paths::TRIAL_HELD);
        // What cannot be looked at may be there.
        let held = look(&file).unwrap_or(true);
        let state = if held { State::Held } else { State::Open };
        Self(Arc::new(Parts {
            held: AtomicBool::new(held),
            news: watch::Sender::new(state),
            on_trial: AtomicBool::new(held),
            patience,
            token: paths::in_dir(dir, paths::TRIAL_TOKEN),
            file,
            returning: Arc::new(Semaphore::new(RETURNING)),
        }))
    }

    /// Whether everything waits. One atomic load.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.held.load(Ordering::Acquire)
    }

    /// Whether `shown` is the trial's token.
    #[must_use]
    pub fn admits(&self, shown: &[u8]) -> bool {
        token::matches(&self.0.token, shown)
    }

    /// Waits until a held request may go on, and returns its turn: those that were
    /// held are hundreds, and all at once they would get in each other's way until
    /// none is answered in time.
    ///
    /// # Errors
    /// When it must not, or has waited for too long.
    pub async fn pass(&self) -> Result<Turn, Refusal> {
        let patience = self.0.patience;
        match tokio::time::timeout(patience, self.end()).await {
            Ok(State::Refused) => Err(Refusal::Stopping),
            Ok(State::Open | State::Held) => {
                let returning = Arc::clone(&self.0.returning);
                // It is never closed.
                Ok(Turn(returning.acquire_owned().await.ok()))
            }
            Err(_) => Err(Refusal::Late(patience)),
        }
    }

    /// Waits until nothing is held, however long that takes; for ever, in a
    /// process that is to end without it.
    pub async fn over(&self) {
        if self.end().await == State::Refused {
            std::future::pending::<()>().await;
        }
    }

    async fn end(&self) -> State {
        let mut news = self.0.news.subscribe();
        match news.wait_for(|state| *state != State::Held).await {
            Ok(state) => *state,
            // The sender is ours and lives.
            Err(_) => State::Refused,
        }
    }

    /// Waits until a hold begins.
    pub async fn begun(&self) {
        let mut news = self.0.news.subscribe();
        let _ours = news.wait_for(|state| *state == State::Held).await;
    }

    /// Looks at the file until `shutdown` is requested.
    pub async fn watch(self, shutdown: Shutdown) {
        // Of one fault one line.
        let mut told = false;
        while !shutdown.is_requested() {
            match look(&self.0.file) {
                Ok(held) => self.set(if held { State::Held } else { State::Open }),
                Err(error) if !told => {
                    told = true;
                    let file = self.0.file.display();
                    tracing::error!("cannot look for {file}: {error}; nothing changes until I can");
                }
                Err(_) => {}
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.stop();
    }

    fn stop(&self) {
        match self.0.on_trial.load(Ordering::Relaxed) {
            true => self.set(State::Refused),
            false => self.set(State::Open),
        }
    }

    fn set(&self, state: State) {
        let changed = self.0.news.send_if_modified(|now| {
            let changed = *now != state;
            *now = state;
            changed
        });
        self.0.held.store(state != State::Open, Ordering::Release);
        if state == State::Open {
            // Committed: in the next upgrade it is the version that is left.
            self.0.on_trial.store(false, Ordering::Relaxed);
        }
        if changed {
            match state {
                State::Open => tracing::info!("nothing is held any more"),
                State::Held => tracing::info!("held: requests and jobs wait"),
                State::Refused => tracing::info!("what is held is refused: stopping"),
            }
        }
    }
}

/// Never held: for programs that nobody puts on trial.
impl Default for Hold {
    fn default() -> Self {
        Self(Arc::new(Parts {
            held: AtomicBool::new(false),
            news: watch::Sender::new(State::Open),
            on_trial: AtomicBool::new(false),
            patience: PATIENCE,
            file: PathBuf::new(),
            token: PathBuf::new(),
            returning: Arc::new(Semaphore::new(RETURNING)),
        }))
    }
}

fn look(file: &Path) -> io::Result<bool> {
    // A look at a file in memory takes a microsecond; a thread would take more.
    file.try_exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle;
    use onebox_model::paths::{TRIAL_HELD, in_dir};

    fn begin(dir: &Path) {
        std::fs::write(in_dir(dir, TRIAL_HELD), "").unwrap();
    }

    fn commit(dir: &Path) {
        std::fs::remove_file(in_dir(dir, TRIAL_HELD)).unwrap();
    }

    #[tokio::test]
    async fn a_hold_ends_with_its_file() {
        let dir = tempfile::tempdir().unwrap();
        begin(dir.path());
        let hold = Hold::below(dir.path());
        assert!(hold.is_on(), "before anybody watches");
        let (_trigger, shutdown) = lifecycle::shutdown();
        tokio::spawn(hold.clone().watch(shutdown));
        let waiting = tokio::spawn({
            let hold = hold.clone();
            async move { hold.pass().await }
        });
        tokio::time::sleep(3 * LOOK).await;
        assert!(!waiting.is_finished());
        commit(dir.path());
        assert!(waiting.await.unwrap().is_ok());
        assert!(!hold.is_on());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        begin(dir.path());
        let hold = Hold::with_patience(dir.path(), LOOK);
        assert_eq!(hold.pass().await.unwrap_err(), Refusal::Late(LOOK));
    }

    #[tokio::test]
    async fn of_many_that_were_held_a_few_go_on_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        begin(dir.path());
        let hold = Hold::below(dir.path());
        let (_trigger, shutdown) = lifecycle::shutdown();
        tokio::spawn(hold.clone().watch(shutdown));
        let (sender, mut turns) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..3 * RETURNING {
            let (hold, sender) = (hold.clone(), sender.clone());
            tokio::spawn(async move {
                let _ = sender.send(hold.pass().await.unwrap());
            });
        }
        commit(dir.path());
        let mut first = Vec::new();
        for _ in 0..RETURNING {
            first.push(turns.recv().await.unwrap());
        }
        tokio::time::sleep(3 * LOOK).await;
        assert!(turns.try_recv().is_err(), "one more than may at a time");
        for turn in first {
            drop(turn);
            drop(turns.recv().await.unwrap());
        }
    }

    #[tokio::test]
    async fn what_a_version_on_trial_holds_is_refused_when_it_stops() {
        let dir = tempfile::tempdir().unwrap();
        begin(dir.path());
        let hold = Hold::below(dir.path());
        let (trigger, shutdown) = lifecycle::shutdown();
        trigger.stop();
        hold.clone().watch(shutdown).await;
        assert_eq!(hold.pass().await.unwrap_err(), Refusal::Stopping);
        assert!(hold.is_on(), "and what comes later too");
    }

    #[tokio::test]
    async fn what_the_version_before_holds_is_answered_when_it_stops() {
        let dir = tempfile::tempdir().unwrap();
        let hold = Hold::below(dir.path());
        let (trigger, shutdown) = lifecycle::shutdown();
        let watching = tokio::spawn(hold.clone().watch(shutdown));
        begin(dir.path());
        hold.begun().await;
        let waiting = tokio::spawn({
            let hold = hold.clone();
            async move { hold.pass().await }
        });
        trigger.stop();
        watching.await.unwrap();
        assert!(waiting.await.unwrap().is_ok());
    }
}

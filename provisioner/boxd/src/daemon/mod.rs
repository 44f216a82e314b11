//! `boxd serve`: the keeper's recurring work, and its interface on a unix
//! socket. Nothing that serves customers depends on it: it may be killed at
//! any moment, and goes on where it was when systemd starts it again.

mod answer;
mod logging;
mod peer;
mod routes;
mod socket;

pub use answer::follow;
pub use logging::start as start_logging;
pub use socket::SocketError;

use crate::acme::Manager;
use crate::alerts::{Alerts, Channels};
use crate::backups::{Backing, Backups, Drills};
use crate::disk::Disk;
use crate::doctor::Doctor;
use crate::generations::{Applier, Generations};
use crate::reconcilers::watch::{Clock, Disks, FailedUnits, OutOfMemory, Queues};
use crate::reconcilers::{Certificates, Reconciler, Registry};
use crate::status::queues;
use crate::steps::Steps;
use crate::systemd::Units;
use crate::upgrade::{self, Updates, Upgrades};
use peer::Peer;
use sd_notify::NotifyState;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long after a start the first recurring work begins: after a boot the
/// processors are wanted elsewhere.
const DELAY: Duration = Duration::from_secs(10);

/// Between two looks whether a trial is over.
const LOOK: Duration = Duration::from_secs(1);

/// What every part of the daemon works with.
#[derive(Clone)]
pub struct Keeper {
    /// The system's files.
    pub disk: Arc<Disk>,
    /// Systemd.
    pub systemd: Arc<dyn Units>,
    /// Changes the box.
    pub applier: Applier,
    /// The recurring work.
    pub registry: Registry,
    /// Certificates.
    pub certificates: Arc<Manager>,
    /// Says what is wrong.
    pub doctor: Doctor,
    /// Ways to tell the operator.
    pub channels: Channels,
    /// Backups.
    pub backups: Backups,
    /// Upgrades.
    pub upgrades: Upgrades,
}

/// The daemon cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// There is nothing to listen on.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The system refused.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Keeper {
    /// A keeper of the system that `applier` changes.
    #[must_use]
    pub fn new(applier: Applier) -> Self {
        let (disk, systemd) = (Arc::clone(&applier.disk), Arc::clone(&applier.systemd));
        let certificates = Arc::new(Manager::of_box(Arc::clone(&disk), Arc::clone(&systemd)));
        let channels = Channels {
            database: queues::options(),
        };
        let backups = Backups::new(&applier);
        let upgrades = Upgrades::new(&applier, backups.clone());
        let all = Arc::new(OnceLock::new());
        let work: Vec<Arc<dyn Reconciler>> = vec![
            Arc::new(Generations(applier.clone())),
            Arc::new(FailedUnits {
                systemd: Arc::clone(&systemd),
            }),
            Arc::new(Disks {
                paths: vec![disk.path("/var")],
            }),
            Arc::new(OutOfMemory::default()),
            Arc::new(Clock::default()),
            Arc::new(Certificates::new(
                Arc::clone(&disk),
                Arc::clone(&certificates),
            )),
            Arc::new(Queues {
                disk: Arc::clone(&disk),
            }),
            Arc::new(Backing(backups.clone())),
            Arc::new(Drills(backups.clone())),
            Arc::new(Updates(upgrades.clone())),
            // The last: it tells what the others found.
            Arc::new(Alerts {
                disk: Arc::clone(&disk),
                channels: channels.clone(),
                registry: Arc::clone(&all),
            }),
        ];
        let registry = Registry::new(work, DELAY);
        // It is empty until here, so this is the first.
        let _ = all.set(registry.clone());
        let doctor = Doctor::of_box(
            applier.clone(),
            Arc::clone(&certificates),
            Some(registry.clone()),
        );
        Self {
            disk,
            systemd,
            applier,
            registry,
            certificates,
            doctor,
            channels,
            backups,
            upgrades,
        }
    }

    /// Serves until SIGTERM or SIGINT, on systemd's socket or on `path`.
    ///
    /// # Errors
    /// When there is nothing to listen on.
    pub async fn serve(self, path: &Path) -> Result<(), DaemonError> {
        let listener = socket::listener(path)?;
        let stop = stopped()?;
        // Before anybody is answered: what a crash left is taken back.
        if let Err(error) = self.applier.recover(&Steps::logged()).await {
            tracing::error!("{error}");
        }
        if let Err(error) = self.backups.recover_restore(&Steps::logged()).await {
            tracing::error!("{error}");
        }
        let (registry, held) = (self.registry.clone(), Arc::clone(&self.disk));
        let work = tokio::spawn(async move {
            // What is done while a release is on trial may be taken back with it.
            while upgrade::is_held(&held) {
                tokio::time::sleep(LOOK).await;
            }
            registry.drive().await;
        });
        let watchdog = tokio::spawn(watchdog());
        let service = routes::router(self).into_make_service_with_connect_info::<Peer>();
        notify(&[NotifyState::Ready, NotifyState::Status("keeping the box")]);
        tracing::info!("boxd {} keeps the box", env!("CARGO_PKG_VERSION"));
        let served = axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                stop.await;
                notify(&[NotifyState::Stopping]);
                tracing::info!("stopping");
            })
            .await;
        work.abort();
        watchdog.abort();
        served.map_err(|source| DaemonError::Io {
            doing: "serve the socket",
            source,
        })
    }
}

/// Ends when systemd or a person wants the process to end.
fn stopped() -> Result<impl Future<Output = ()>, DaemonError> {
    let listen = |kind| {
        signal(kind).map_err(|source| DaemonError::Io {
            doing: "listen for signals",
            source,
        })
    };
    let (mut terminate, mut interrupt) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Proof of life from the runtime that serves, at half the interval systemd
/// asks for, if it asks (`WatchdogSec=`).
async fn watchdog() {
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut ticks = tokio::time::interval(interval / 2);
    loop {
        ticks.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("cannot notify systemd: {error}");
    }
}

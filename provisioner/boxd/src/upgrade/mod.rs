//! Upgrades: another release goes into the slot that does not run, is tried
//! with the data of this box, and stays or is left again.
//!
//! [`Upgrades`] is the part in the release that runs: it looks for releases
//! ([`channel`]), says what one would change ([`look`]), has RAUC check and write
//! it ([`rauc`]) and tells the boot loader. The rest happens in the other slot,
//! whose first program ([`at_boot`]) holds everybody back and copies the data
//! ([`snapshot`]), and whose last, the health gate, ends the trial ([`verdict`]).
//! When nothing of that happens the slot of before takes the data back
//! ([`at_boot`] again). An operator may go back later too ([`rollback`]). What is known of it all stands in one file ([`memory`]).

mod at_boot;
mod channel;
mod error;
mod hold;
pub(crate) mod judge;
mod look;
pub(crate) mod memory;
mod rauc;
mod reconciler;
mod rollback;
mod snapshot;
mod switch;
mod trust;
pub(crate) mod verdict;
mod written;

pub use at_boot::{Found, once_a_boot};
pub use error::UpgradeError;
pub use reconciler::Updates;

use crate::acme::config_in_force;
use crate::backups::{BackupError, Backups};
use crate::boot::{self, Slot, Store};
use crate::disk::Disk;
use crate::generations::Applier;
use crate::steps::Steps;
use crate::systemd::Units;
use look::Source;
use memory::{Fit, Memory, Stage, Trial};
use onebox_api::backups as backup_api;
use onebox_api::units::Verb;
use onebox_api::upgrades::{self as api, Ask, Begun, Offer, Overview, Side};
use onebox_model::{Release, config::Config, paths};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switch::Way;
use time::OffsetDateTime;
use tokio::sync::{Mutex as Turn, MutexGuard};

/// What restarts the machine (systemd.special(7)).
const REBOOT: &str = "reboot.target";
/// Between the answer and the restart.
const FAREWELL: Duration = Duration::from_secs(1);
/// The unit of RAUC's daemon, which the bus starts when it is asked.
const RAUC: &str = "rauc.service";

/// The box's upgrades.
#[derive(Clone)]
pub struct Upgrades {
    disk: Arc<Disk>,
    systemd: Arc<dyn Units>,
    backups: Backups,
    turn: Arc<Turn<()>>,
    doing: Arc<Mutex<&'static str>>,
}

impl std::fmt::Debug for Upgrades {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Upgrades")
    }
}

/// Whether visitors and workers are held back, because a release is on trial.
#[must_use]
pub fn is_held(disk: &Disk) -> bool {
    hold::is_held(disk)
}

/// Writes whose releases RAUC takes, for `rauc` by hand too.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn trust_early(disk: &Disk, config: &Config) -> Result<(), UpgradeError> {
    trust::render(disk, config)
}

impl Upgrades {
    /// Those of a system.
    #[must_use]
    pub fn new(applier: &Applier, backups: Backups) -> Self {
        Self {
            disk: Arc::clone(&applier.disk),
            systemd: Arc::clone(&applier.systemd),
            backups,
            turn: Arc::default(),
            doing: Arc::new(Mutex::new("nothing")),
        }
    }

    fn take(&self, doing: &'static str) -> Result<MutexGuard<'_, ()>, UpgradeError> {
        let mut now = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(turn) = self.turn.try_lock() else {
            return Err(UpgradeError::Busy((*now).to_owned()));
        };
        *now = doing;
        Ok(turn)
    }

    fn store(&self) -> Store {
        Store::of_box(&self.disk)
    }

    /// The slot that runs, and the release in it.
    fn running(&self) -> Result<(Slot, Side), UpgradeError> {
        let slot = boot::running_slot_in(&self.disk.path("/")).ok_or_else(|| {
            UpgradeError::Refused(
                "this system does not run from a slot, so there is none to upgrade; upgrades need the image of a box"
                    .to_owned(),
            )
        })?;
        let release = Release::load(&self.disk.path(paths::RELEASE))
            .map_err(|error| UpgradeError::Refused(error.to_string()))?;
        let side = Side {
            slot: slot.to_string(),
            version: release.version,
            revision: release.git_revision,
        };
        Ok((slot, side))
    }

    /// How upgrades are on this box.
    ///
    /// # Errors
    /// When it does not run from a slot, or the system refuses.
    pub fn overview(&self) -> Result<Overview, UpgradeError> {
        let (slot, running) = self.running()?;
        let config = config_in_force(&self.disk);
        let memory = Memory::load(&self.disk)?;
        let newest = memory.channel.newest.as_deref();
        let newer = newest.filter(|newest| look::is_newer(newest, &running.version));
        let other_is_good = self
            .store()
            .read()
            .is_ok_and(|found| found.state.boot == slot && found.state.other_ok);
        Ok(Overview {
            newer: newer.map(str::to_owned),
            running,
            other: memory.other,
            other_is_good,
            trial: memory.trial.map(|trial| api::Trial {
                stage: told(&trial.stage).to_owned(),
                from: trial.from,
                to: trial.to,
                since: trial.armed_at,
            }),
            channel: config.updates.channel,
            channel_read_at: memory.channel.read_at,
            channel_error: memory.channel.error,
            automatic: config.updates.automatic,
            history: memory.history,
            bad: memory.bad,
        })
    }

    /// What an upgrade would change, and what is in its way.
    ///
    /// # Errors
    /// When there is no such release, or nobody who is trusted signed it.
    pub async fn check(&self, asked: &Ask, steps: &Steps) -> Result<Offer, UpgradeError> {
        let _turn = self.take("looking at a release")?;
        let source = self.find(asked, steps).await?;
        self.offer(&source, asked).await
    }

    async fn find(&self, asked: &Ask, steps: &Steps) -> Result<Source, UpgradeError> {
        let config = config_in_force(&self.disk);
        trust::render(&self.disk, &config)?;
        // It reads what it trusts, and the authorities of servers, when it starts.
        self.systemd.act(Verb::Stop, RAUC).await?;
        look::find(&self.disk, &config, asked, steps).await
    }

    /// Writes a release into the other slot and has the box go over to it.
    /// Returns a moment before the machine restarts.
    ///
    /// # Errors
    /// When it cannot be done; then this release goes on, and its data are
    /// untouched.
    pub async fn begin(&self, asked: &Ask, steps: &Steps) -> Result<Begun, UpgradeError> {
        let _turn = self.take("an upgrade")?;
        let (slot, from) = self.running()?;
        if let Some(trial) = Memory::load(&self.disk)?.trial {
            return Err(UpgradeError::Busy(format!(
                "the trial of release {}",
                trial.to.version
            )));
        }
        let source = self.find(asked, steps).await?;
        let offer = self.offer(&source, asked).await?;
        if !offer.obstacles.is_empty() {
            return Err(UpgradeError::Obstacles(offer.obstacles));
        }
        self.back_up(asked, steps).await?;
        let other = slot.other();
        let store = self.store();
        // From here on the other slot is no way out any more, whatever happens.
        let mut memory = Memory::load(&self.disk)?;
        memory.other = None;
        memory.other_fit = None;
        memory.save(&self.disk)?;
        store.slot_is_written(other).map_err(boot_error)?;
        steps.tell(format!(
            "writing release {} into slot {other}",
            offer.version
        ));
        rauc::install(&source.bundle, steps).await?;
        let to = Side {
            slot: other.to_string(),
            version: offer.version.clone(),
            revision: offer.revision.clone(),
        };
        let id = OffsetDateTime::now_utc().unix_timestamp_nanos().to_string();
        self.arm(&store, id, from, to.clone())?;
        let way = Way::to(offer.kernel_changes, asked.restart);
        steps.tell(match way {
            Way::Soft => format!("going over to slot {other}, on trial"),
            Way::Restart => format!("restarting into slot {other}, on trial"),
        });
        let systemd = Arc::clone(&self.systemd);
        tokio::spawn(async move {
            // Who asked gets the answer first.
            tokio::time::sleep(FAREWELL).await;
            switch::go(&*systemd, way).await;
        });
        Ok(Begun {
            to,
            restarts: way == Way::Restart,
            export: None,
            trial_minutes: config_in_force(&self.disk).updates.trial_minutes,
        })
    }

    /// Tells the boot loader to start the other slot, for as long as the trial
    /// takes.
    fn arm(&self, store: &Store, id: String, from: Side, to: Side) -> Result<(), UpgradeError> {
        let other: Slot = to
            .slot
            .parse()
            .map_err(|_| UpgradeError::Boot(format!("there is no slot {:?}", to.slot)))?;
        let now = OffsetDateTime::now_utc();
        let mut memory = Memory::load(&self.disk)?;
        memory.other = Some(to.clone());
        let mut trial = Trial {
            id,
            from,
            to,
            stage: Stage::Arming,
            armed_at: now,
            starts: 0,
            minutes: config_in_force(&self.disk).updates.trial_minutes,
            from_fit: Some(Fit::from(&self.own_release()?)),
        };
        memory.trial = Some(trial.clone());
        memory.save(&self.disk)?;
        if let Err(error) = store.begin_trial(other) {
            memory.trial = None;
            memory.save(&self.disk)?;
            return Err(boot_error(error));
        }
        trial.stage = Stage::Armed;
        memory.trial = Some(trial);
        memory.save(&self.disk)
    }

    async fn back_up(&self, asked: &Ask, steps: &Steps) -> Result<(), UpgradeError> {
        if asked.no_backup {
            return Ok(());
        }
        steps.tell("making a backup first");
        let now = backup_api::Now::default();
        match self.backups.now(&now, steps).await {
            Ok(_) => Ok(()),
            Err(BackupError::Off(why)) => {
                steps.tell(format!("no backup is made: {why}"));
                Ok(())
            }
            Err(error) => Err(UpgradeError::Backup(error)),
        }
    }

    /// Lets a release be installed again that was no good.
    ///
    /// # Errors
    /// When there is no such release, or the system refuses.
    pub fn forgive(&self, version: &str) -> Result<Overview, UpgradeError> {
        let mut memory = Memory::load(&self.disk)?;
        let before = memory.bad.len();
        memory.bad.retain(|bad| bad.version != version);
        if memory.bad.len() == before {
            return Err(UpgradeError::Refused(format!(
                "release {version:?} is not remembered as no good; `boxctl upgrade status` shows those that are"
            )));
        }
        memory.save(&self.disk)?;
        self.overview()
    }
}

fn told(stage: &Stage) -> &'static str {
    match stage {
        Stage::Arming => "the other slot is written",
        Stage::Armed => "the box is told to go over",
        Stage::Running => "the new release runs and is being judged",
        Stage::Failed(_) => "the new release is no good, the box goes back",
    }
}

fn boot_error(error: impl std::fmt::Display) -> UpgradeError {
    UpgradeError::Boot(error.to_string())
}

//! What the box remembers of upgrades, from one boot and one release to the
//! next: the trial that is under way, what became of earlier ones, and which
//! releases were no good.
//!
//! It stands outside of the state that a trial's snapshot brings back, and is
//! read by the release of before and by the one on trial alike: what one of
//! them does not know it leaves out, and fields are only ever added.

use super::UpgradeError;
use crate::disk::{Access, Disk};
use onebox_api::upgrades::{Bad, Event, Probe, Side};
use onebox_model::paths::{UPGRADES_DIR, UPGRADES_MEMORY, UPGRADES_TRIAL};
use onebox_release::Release;
use onebox_release::manifest::Kernel;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// So many past upgrades are remembered.
const HISTORY: usize = 50;

/// How far a trial is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// The other slot is written; whether the boot loader knows is uncertain.
    Arming,
    /// The boot loader starts the other slot next.
    Armed,
    /// The new release runs; the data of before are kept.
    Running,
    /// It was found no good: the box is on its way back.
    Failed(Failure),
}

/// Why a trial failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// What was not as it should be.
    pub(crate) probes: Vec<Probe>,
    /// Last lines of the logs of those.
    pub(crate) logs: Vec<String>,
}

/// A release on trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trial {
    /// Tells this trial from others, on the marks it leaves.
    pub(crate) id: String,
    /// What ran before.
    pub(crate) from: Side,
    /// What is on trial.
    pub(crate) to: Side,
    /// How far it is.
    pub(crate) stage: Stage,
    /// When the box was told to go over.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) armed_at: OffsetDateTime,
    /// How often the new release was started.
    #[serde(default)]
    pub(crate) starts: u32,
    /// Minutes it has to be found good in.
    #[serde(default = "half_an_hour")]
    pub(crate) minutes: u16,
    /// What the programs of before need.
    #[serde(default)]
    pub(crate) from_fit: Option<Fit>,
}

/// What the programs of a release need, for going back to it when nothing of it but
/// its slot is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fit {
    /// The schema that they leave the database at.
    pub(crate) schema: i64,
    /// Version of the files that its Redis writes, and the newest that it reads.
    pub(crate) redis_rdb_version: u32,
    /// Its kernel.
    pub(crate) kernel: Kernel,
}

impl From<&Release> for Fit {
    fn from(release: &Release) -> Self {
        Self {
            schema: release.schema.writes,
            redis_rdb_version: release.redis_rdb_version,
            kernel: release.kernel.clone(),
        }
    }
}

const fn half_an_hour() -> u16 {
    30
}

/// What is remembered of the channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    /// The highest serial that was seen: one below it is an old index, shown
    /// again.
    pub(crate) serial: u64,
    /// Of which channel that was.
    pub(crate) address: Option<String>,
    /// When it was last read well.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) read_at: Option<OffsetDateTime>,
    /// The newest version in it.
    pub(crate) newest: Option<String>,
    /// Why it could not be read the last time.
    pub(crate) error: Option<String>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// The trial under way.
    pub(crate) trial: Option<Trial>,
    /// What the other slot holds, where the box wrote it itself.
    pub(crate) other: Option<Side>,
    /// What the programs in it need, where they ran here before.
    pub(crate) other_fit: Option<Fit>,
    /// The boot loader still has to be told that a trial is over.
    pub(crate) to_settle: bool,
    /// What was, oldest first.
    pub(crate) history: Vec<Event>,
    /// Releases that were no good.
    pub(crate) bad: Vec<Bad>,
    /// The channel.
    pub(crate) channel: Channel,
}

impl Memory {
    /// What stands on disk.
    ///
    /// # Errors
    /// When the system refuses. A file that is not understood is put aside: a
    /// box must start without it, and GRUB knows which slot is good.
    pub(crate) fn load(disk: &Disk) -> Result<Self, UpgradeError> {
        let Some(bytes) = disk.read(UPGRADES_MEMORY)? else {
            return Ok(Self::default());
        };
        if let Ok(memory) = serde_json::from_slice(&bytes) {
            return Ok(memory);
        }
        disk.set_aside(UPGRADES_MEMORY)?;
        Ok(Self::default())
    }

    /// Puts it on disk.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn save(&self, disk: &Disk) -> Result<(), UpgradeError> {
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| UpgradeError::io("write JSON")(error.into()))?;
        disk.directory(UPGRADES_DIR, Access::root(0o700))?;
        disk.write(UPGRADES_MEMORY, &bytes, Access::root(0o600))?;
        // For the watch, which is a script and must work when nothing else does.
        match &self.trial {
            Some(trial) if trial.stage != Stage::Arming => {
                let line = format!("{} {}\n", trial.to.slot, trial.minutes);
                disk.write(UPGRADES_TRIAL, line.as_bytes(), Access::root(0o600))?;
            }
            _ => disk.remove(UPGRADES_TRIAL)?,
        }
        Ok(())
    }

    /// Ends the trial that is under way, and remembers how.
    pub(crate) fn end(&mut self, event: Event) {
        self.trial = None;
        self.history.push(event);
        let old = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..old);
    }

    /// Why a version is not to be installed.
    pub(crate) fn is_bad(&self, version: &str, revision: &str) -> Option<&Bad> {
        let mut bad = self.bad.iter();
        bad.find(|bad| bad.version == version && bad.revision == revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;

    #[test]
    fn a_memory_of_a_later_release_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        assert_eq!(Memory::load(&disk).unwrap(), Memory::default());
        let text = r#"{"to_settle":true,"of_the_future":[1],"channel":{"serial":7,"more":{}}}"#;
        disk.directory(UPGRADES_DIR, Access::root(0o700)).unwrap();
        disk.write(UPGRADES_MEMORY, text.as_bytes(), Access::root(0o600))
            .unwrap();
        let memory = Memory::load(&disk).unwrap();
        assert!(memory.to_settle && memory.channel.serial == 7);
        memory.save(&disk).unwrap();
        assert_eq!(Memory::load(&disk).unwrap(), memory);
    }

    #[test]
    fn one_that_is_not_understood_is_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        disk.directory(UPGRADES_DIR, Access::root(0o700)).unwrap();
        disk.write(UPGRADES_MEMORY, b"{", Access::root(0o600))
            .unwrap();
        assert_eq!(Memory::load(&disk).unwrap(), Memory::default());
        let left = disk.names(UPGRADES_DIR).unwrap();
        assert!(left.len() == 1 && left[0] != "memory.json", "{left:?}");
    }
}

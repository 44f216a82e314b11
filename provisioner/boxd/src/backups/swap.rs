//! Restored data and present data change places, and change back when that was
//! no good or the power went.
//!
//! Directories are exchanged in one step each (renameat2(2)), so none is ever
//! missing. What is under way stands in a file, in the state of before and in
//! the restored one alike; a mark in each restored directory says whether it is
//! in its place.

use super::BackupError;
use crate::disk::{Access, Disk, DiskError};
use onebox_model::paths::{POSTGRES_DATA, STATE_DIR};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};

/// What is under way.
const INTENT: &str = "backups/restore.json";
/// In restored directories: which restore they are of.
const MARK: &str = "onebox-restored";
/// What comes back beside the database, until it is put into its place.
pub(super) const RESTORED_PARTS: &str = "/var/lib/onebox-restored";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Intent {
    id: String,
    pairs: Vec<(String, String)>,
}

/// An exchange that is not confirmed yet.
pub(super) struct Swap(Intent);

impl Swap {
    /// Puts restored data into their places: pairs of a place and what comes
    /// there.
    ///
    /// # Errors
    /// When the system refuses; then nothing is exchanged.
    pub(super) fn begin(disk: &Disk, pairs: Vec<(String, String)>) -> Result<Self, BackupError> {
        let id = time::OffsetDateTime::now_utc()
            .unix_timestamp_nanos()
            .to_string();
        let intent = Intent { id, pairs };
        let bytes = serde_json::to_vec_pretty(&intent)
            .map_err(|error| BackupError::io("write JSON")(error.into()))?;
        for (place, restored) in &intent.pairs {
            let mark = format!("{restored}/{MARK}");
            disk.write(&mark, intent.id.as_bytes(), Access::root(0o600))?;
            if place == STATE_DIR {
                let parent = format!("{restored}/backups");
                disk.directory(&parent, Access::root(0o700))?;
                let copy = format!("{restored}/{INTENT}");
                disk.write(&copy, &bytes, Access::root(0o600))?;
            }
        }
        disk.write(
            &format!("{STATE_DIR}/{INTENT}"),
            &bytes,
            Access::root(0o600),
        )?;
        let swap = Self(intent);
        for (place, restored) in &swap.0.pairs {
            if let Err(error) = exchange(disk, place, restored) {
                swap.back(disk)?;
                return Err(error);
            }
        }
        Ok(swap)
    }

    /// They stay.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn confirm(self, disk: &Disk) -> Result<(), BackupError> {
        disk.remove(&format!("{STATE_DIR}/{INTENT}"))?;
        for (place, _) in &self.0.pairs {
            disk.remove(&format!("{place}/{MARK}"))?;
        }
        Ok(())
    }

    /// They go back.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn back(&self, disk: &Disk) -> Result<(), BackupError> {
        for (place, restored) in self.0.pairs.iter().rev() {
            let mark = disk.read(&format!("{place}/{MARK}"))?;
            if mark.as_deref() == Some(self.0.id.as_bytes()) {
                exchange(disk, place, restored)?;
            }
            if place == STATE_DIR {
                super::host_key::bring(disk)?;
            }
        }
        disk.remove(&format!("{STATE_DIR}/{INTENT}"))?;
        Ok(())
    }
}

fn exchange(disk: &Disk, one: &str, other: &str) -> Result<(), BackupError> {
    let (first, second) = (disk.path(one), disk.path(other));
    renameat_with(CWD, &first, CWD, &second, RenameFlags::EXCHANGE)
        .map_err(|error| BackupError::io(format!("exchange {one} and {other}"))(error.into()))?;
    for path in [&first, &second] {
        if let Some(parent) = path.parent() {
            let synced = std::fs::File::open(parent).and_then(|parent| parent.sync_all());
            synced.map_err(BackupError::io(format!("sync {}", parent.display())))?;
        }
    }
    Ok(())
}

/// There while a restore runs; gone after a boot, unlike what is under way.
const RUNNING: &str = "/run/onebox/backups/restoring";

/// There while directories change places: PostgreSQL's unit does not start then,
/// whatever asks for it (`ConditionPathExists=`), such as a visitor who starts
/// the site by its socket.
const EXCHANGING: &str = "/run/onebox/backups/exchanging";

/// Keeps PostgreSQL from being started, or lets it.
pub(super) fn hold_server(disk: &Disk, is: bool) -> Result<(), DiskError> {
    if is {
        disk.write(EXCHANGING, b"", Access::root(0o644))?;
        Ok(())
    } else {
        disk.remove(EXCHANGING)
    }
}

/// Notes that a restore runs, or runs no more.
pub(super) fn running(disk: &Disk, is: bool) -> Result<(), DiskError> {
    if is {
        disk.write(RUNNING, b"", Access::root(0o600))?;
        Ok(())
    } else {
        disk.remove(RUNNING)
    }
}

/// Whether a restore was left as it was by a keeper that is gone.
pub(super) fn left_over(disk: &Disk) -> bool {
    [&*format!("{STATE_DIR}/{INTENT}"), EXCHANGING]
        .iter()
        .any(|path| matches!(disk.read(path), Ok(Some(_))))
}

/// [`undo`] at boot. While the system runs the keeper does it, which stops the
/// servers first.
///
/// # Errors
/// When the system refuses.
pub fn undo_at_boot(disk: &Disk) -> Result<Option<String>, DiskError> {
    if disk.read(RUNNING)?.is_some() {
        return Ok(None);
    }
    undo(disk)
}

/// Takes back a restore that nobody confirmed: the power went, or the keeper
/// did. Before any server starts. Returns what was done, in a sentence.
///
/// # Errors
/// When the system refuses.
pub(super) fn undo(disk: &Disk) -> Result<Option<String>, DiskError> {
    let Some(bytes) = disk.read(&format!("{STATE_DIR}/{INTENT}"))? else {
        return Ok(None);
    };
    let Ok(intent) = serde_json::from_slice::<Intent>(&bytes) else {
        let aside = disk.set_aside(&format!("{STATE_DIR}/{INTENT}"))?;
        return Ok(Some(format!(
            "what a restore was doing cannot be read and was put aside as {}; look at {POSTGRES_DATA} before you go on",
            aside.display()
        )));
    };
    Swap(intent).back(disk).map_err(|error| match error {
        BackupError::Disk(error) => error,
        error => DiskError::Io {
            what: "take back a restore at",
            path: disk.path(POSTGRES_DATA),
            source: std::io::Error::other(error.to_string()),
        },
    })?;
    Ok(Some(
        "a restore that was under way when the box stopped was taken back: the data are those of before".to_owned(),
    ))
}

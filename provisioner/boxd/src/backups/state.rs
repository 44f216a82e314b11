//! What the keeper remembers of backups from one start to the next.

use super::BackupError;
use crate::disk::{Access, Disk};
use onebox_api::backups::Drill;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

const FILE: &str = "/var/lib/onebox/backups/state.json";

/// What was tried, by repository, and the last drill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) tries: BTreeMap<String, Try>,
    /// When the last backup in each repository ended.
    pub(super) last: BTreeMap<String, Moment>,
    pub(super) drill: Option<Drill>,
    /// Since when each timeline is that of this box (PostgreSQL begins a new
    /// one with each recovery): the state at a time is on the one of that time.
    pub(super) timelines: Vec<Timeline>,
}

/// The last try of a backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Try {
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    pub(super) failures_in_a_row: u32,
    pub(super) error: Option<String>,
}

/// A time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Moment(#[serde(with = "time::serde::rfc3339")] pub(super) OffsetDateTime);

/// A timeline of the database's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Timeline {
    pub(super) number: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
}

impl State {
    /// What stands on disk; nothing when it cannot be understood, which costs
    /// no backup.
    pub(super) fn load(disk: &Disk) -> Self {
        let bytes = disk.read(FILE).ok().flatten().unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Changes what stands on disk.
    pub(super) fn change(disk: &Disk, change: impl FnOnce(&mut Self)) -> Result<(), BackupError> {
        let before = Self::load(disk);
        let mut state = before.clone();
        change(&mut state);
        if state == before {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(&state)
            .map_err(|error| BackupError::io("write JSON")(error.into()))?;
        disk.write(FILE, &bytes, Access::root(0o600))?;
        Ok(())
    }

    /// The timeline that was this box's at a time, where it is known to have
    /// been another than now.
    pub(super) fn timeline_at(&self, at: OffsetDateTime) -> Option<u32> {
        let newest = self.timelines.last()?;
        if newest.since <= at {
            return None;
        }
        let then = self.timelines.iter().rev().find(|line| line.since <= at);
        // Before the first recovery there was the first one.
        Some(then.map_or(1, |line| line.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_a_recovery_is_on_the_timeline_of_then() {
        let at = |minute: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(minute);
        let mut state = State::default();
        assert_eq!(state.timeline_at(at(5)), None);
        for (number, minute) in [(2, 10), (3, 20)] {
            let since = at(minute);
            state.timelines.push(Timeline { number, since });
        }
        assert_eq!(state.timeline_at(at(5)), Some(1));
        assert_eq!(state.timeline_at(at(15)), Some(2));
        assert_eq!(state.timeline_at(at(25)), None);
    }
}

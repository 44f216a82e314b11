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
    /// How large each repository is.
    pub(super) bytes: BTreeMap<String, u64>,
    /// How large each was once a day, oldest first.
    pub(super) sizes: BTreeMap<String, Vec<Size>>,
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

/// How large a repository was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Size {
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    pub(super) bytes: u64,
}

/// Sizes are remembered for so many days.
const DAYS: usize = 8;

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

    /// Remembers how large a repository is.
    pub(super) fn measured(&mut self, repository: &str, at: OffsetDateTime, bytes: u64) {
        self.bytes.insert(repository.to_owned(), bytes);
        let sizes = self.sizes.entry(repository.to_owned()).or_default();
        // Of a clock that went back there may be some from the future.
        sizes.retain(|size| size.at <= at);
        let due = sizes
            .last()
            .is_none_or(|last| at - last.at >= time::Duration::DAY);
        if due {
            sizes.push(Size { at, bytes });
            let old = sizes.len().saturating_sub(DAYS);
            sizes.drain(..old);
        }
    }

    /// Bytes by which a repository grows in a day; nothing in the first day.
    pub(super) fn growth(&self, repository: &str, now: OffsetDateTime) -> Option<i64> {
        let first = self.sizes.get(repository)?.first()?;
        let seconds = (now - first.at).whole_seconds();
        if seconds < time::Duration::DAY.whole_seconds() {
            return None;
        }
        let bytes = *self.bytes.get(repository)?;
        let more = i128::from(bytes) - i128::from(first.bytes);
        let a_day = more * i128::from(time::Duration::DAY.whole_seconds()) / i128::from(seconds);
        i64::try_from(a_day).ok()
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
    fn growth_is_that_of_a_week() {
        let at = |hours: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::hours(hours);
        let mut state = State::default();
        for hour in 0..24 * 20 {
            state.measured("local", at(hour), 1000 + 10 * hour.unsigned_abs());
            if hour == 23 {
                assert_eq!(state.growth("local", at(23)), None);
            }
        }
        assert_eq!(state.sizes["local"].len(), DAYS);
        assert_eq!(state.growth("local", at(24 * 20 - 1)), Some(240));
        assert_eq!(state.growth("s3", at(24 * 20)), None);
        // Old backups were dropped.
        state.measured("local", at(24 * 20), 0);
        assert!(state.growth("local", at(24 * 20)) < Some(0));
    }

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

//! What is remembered between runs and restarts: failures, when to try again,
//! and the moment drawn for the next renewal.
//!
//! A file that is missing or damaged means that nothing is remembered, which is
//! safe: an authority is asked once too often.

use super::schedule::{self, Suggestion};
use crate::disk::{Access, Disk, DiskError};
use onebox_model::paths::{ACME_DIR, ACME_STATE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// By name, for names that failed lately.
    pub(crate) names: BTreeMap<String, NameState>,
    /// By the URL of its directory.
    pub(crate) authorities: BTreeMap<String, AuthorityState>,
    /// The pair that is in use.
    pub(crate) live: Option<Live>,
    /// What went wrong on this box itself.
    pub(crate) own: Waiting,
    /// Names that an older pair is kept for.
    pub(crate) kept_for: Vec<String>,
    /// What was said last, when it went wrong.
    pub(crate) problem: Option<String>,
}

/// A name that failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NameState {
    /// Failures since the last success, and when to try again.
    #[serde(flatten)]
    pub(crate) waiting: Waiting,
    /// When validations failed, within the last hour.
    #[serde(with = "moments")]
    pub(crate) failed: Vec<OffsetDateTime>,
    /// What the authority said.
    pub(crate) problem: Option<String>,
    /// Whether that was in this run: in no haste is it asked twice.
    #[serde(skip)]
    pub(crate) just_failed: bool,
}

/// An authority, as it was met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AuthorityState {
    /// Failures of its servers, or of the way there.
    pub(crate) waiting: Waiting,
    /// Refusals: because of a limit, or of what was ordered.
    pub(crate) refused: Waiting,
}

/// Failures in a row, and the wait that follows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Waiting {
    pub(crate) failures: u32,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) next_try: Option<OffsetDateTime>,
}

impl Waiting {
    /// Counts a failure.
    pub(crate) fn fail(&mut self, now: OffsetDateTime, retry_after: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        self.next_try = Some(now + schedule::wait_after(self.failures, retry_after));
    }

    /// When to try again; `None` for at once.
    pub(crate) fn until(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.next_try
            .map(|at| schedule::sane(at, now))
            .filter(|at| *at > now)
    }
}

/// The pair that is in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Live {
    /// Its directory's name.
    pub(crate) id: String,
    /// Who gave it.
    pub(crate) directory: String,
    /// Whether it was revoked, so that it is replaced at once.
    #[serde(default)]
    pub(crate) revoked: bool,
    /// What the authority suggests.
    #[serde(default)]
    pub(crate) suggestion: Option<Suggestion>,
    /// When the authority is asked for that again.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) ask_at: Option<OffsetDateTime>,
}

impl State {
    /// What is stored; the second part says why it is nothing, if it should not be.
    pub(crate) fn load(disk: &Disk) -> (Self, Option<String>) {
        let damaged = |why: String| {
            let note = format!("{ACME_STATE} cannot be used and is written anew: {why}");
            (Self::default(), Some(note))
        };
        match disk.read(ACME_STATE) {
            Ok(None) => (Self::default(), None),
            Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
                Ok(state) => (state, None),
                Err(error) => damaged(error.to_string()),
            },
            Err(error) => damaged(error.to_string()),
        }
    }

    /// Stores it for good.
    pub(crate) fn save(&self, disk: &Disk) -> Result<(), DiskError> {
        disk.directory(ACME_DIR, Access::root(0o755))?;
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        disk.write(ACME_STATE, text.as_bytes(), Access::root(0o600))?;
        Ok(())
    }

    /// Counts a failed validation of a name.
    pub(crate) fn name_failed(&mut self, name: &str, problem: &str, now: OffsetDateTime) {
        let state = self.names.entry(name.to_owned()).or_default();
        state.waiting.fail(now, None);
        let hour = Duration::hours(1);
        state.failed.retain(|at| (now - hour..=now).contains(at));
        state.failed.push(now);
        state.problem = Some(problem.to_owned());
        state.just_failed = true;
    }

    /// Counts a refusal that was no validation: it waits, and the authority's
    /// limit is not touched.
    pub(crate) fn name_refused(&mut self, name: &str, problem: &str, now: OffsetDateTime) {
        let state = self.names.entry(name.to_owned()).or_default();
        state.waiting.fail(now, None);
        state.problem = Some(problem.to_owned());
        state.just_failed = true;
    }

    /// Notes what certainly keeps a name from being proven: no attempt, and no
    /// failure, but another look later.
    pub(crate) fn name_blocked(&mut self, name: &str, problem: &str, look_at: OffsetDateTime) {
        let state = self.names.entry(name.to_owned()).or_default();
        state.waiting.next_try = Some(look_at);
        state.problem = Some(problem.to_owned());
        state.just_failed = true;
    }

    /// When a name may be tried; `None` for at once. Haste cuts short our own
    /// waits and not the authority's limit.
    pub(crate) fn name_waits(
        &self,
        name: &str,
        now: OffsetDateTime,
        in_haste: bool,
    ) -> Option<OffsetDateTime> {
        let state = self.names.get(name)?;
        let own = state
            .waiting
            .until(now)
            .filter(|_| !in_haste || state.just_failed);
        own.max(schedule::may_fail_again(&state.failed, now))
    }

    /// Forgets failures of names that succeeded; failed validations of the last
    /// hour still count at the authority.
    pub(crate) fn name_succeeded(&mut self, name: &str) {
        if let Some(state) = self.names.get_mut(name) {
            state.waiting = Waiting::default();
            state.problem = None;
        }
    }

    /// Drops what is of no more use.
    pub(crate) fn tidy(&mut self, wanted: &[String], now: OffsetDateTime) {
        let hour = Duration::hours(1);
        self.names.retain(|name, state| {
            state.failed.retain(|at| (now - hour..=now).contains(at));
            let fresh = state.waiting == Waiting::default() && state.failed.is_empty();
            // A name that is taken out and put back must not gain attempts.
            !fresh && (wanted.contains(name) || !state.failed.is_empty())
        });
    }
}

/// Moments as text a person can read.
mod moments {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    pub(super) fn serialize<S: Serializer>(
        moments: &[OffsetDateTime],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts: Vec<String> = moments
            .iter()
            .filter_map(|at| at.format(&Rfc3339).ok())
            .collect();
        texts.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<OffsetDateTime>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let parse =
            |text: &String| OffsetDateTime::parse(text, &Rfc3339).map_err(de::Error::custom);
        texts.iter().map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn what_is_remembered_survives_a_restart_and_damage_is_no_end() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        let mut state = State::default();
        state.name_failed("a.example", "no such host", NOW);
        state
            .authorities
            .entry("https://ca.example/dir".into())
            .or_default()
            .waiting
            .fail(NOW, Some(Duration::hours(2)));
        state.save(&disk).unwrap();
        for name in state.names.values_mut() {
            name.just_failed = false;
        }
        assert_eq!(State::load(&disk), (state, None));
        std::fs::write(disk.path(ACME_STATE), "{").unwrap();
        let (empty, note) = State::load(&disk);
        assert_eq!(empty, State::default());
        assert!(note.unwrap().contains("written anew"));
    }

    #[test]
    fn haste_cuts_a_wait_short_and_not_the_limit_of_the_authority() {
        let mut state = State::default();
        let mut now = NOW;
        for _ in 0..4 {
            state.name_failed("a.example", "x", now);
            assert!(state.name_waits("a.example", now, false).is_some());
            assert!(state.name_waits("a.example", now, true).is_some());
            for name in state.names.values_mut() {
                name.just_failed = false;
            }
            now += Duration::minutes(5);
        }
        assert!(state.name_waits("a.example", now, true).is_some());
        // Taken out of the file and put back, it has no more attempts than before.
        state.tidy(&[], now);
        assert!(state.name_waits("a.example", now, true).is_some());
        now += Duration::hours(1);
        assert_eq!(state.name_waits("a.example", now, true), None);
        state.tidy(&[], now);
        assert!(state.names.is_empty());
    }

    #[test]
    fn a_clock_that_was_wrong_puts_nothing_off_for_long() {
        let mut waiting = Waiting::default();
        waiting.fail(NOW + Duration::days(4000), None);
        assert_eq!(waiting.until(NOW), None);
    }
}

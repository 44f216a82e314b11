//! The verdict of the gate, for people, for the journal and as a file.

use crate::boot::{self, BootError, Confirmed};
use crate::disk::{Access, Disk, DiskError};
use onebox_api::upgrades::Probe;
use onebox_model::paths;
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One thing that is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unready {
    /// A unit or an address.
    pub what: String,
    /// Its state or its error.
    pub why: String,
}

impl Unready {
    pub(super) fn new(what: &str, why: impl ToString) -> Self {
        Self {
            what: what.to_owned(),
            why: why.to_string(),
        }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// Whether the boot is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Healthy,
    Unhealthy,
}

/// What became of the slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Slot {
    name: boot::Slot,
    marked_good: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What the gate found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    state: State,
    waited_ms: u64,
    unready: Vec<Unready>,
    slot: Option<Slot>,
}

/// The boot is not confirmed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// The time is over.
    #[error(
        "not healthy after {seconds} s, this boot is not confirmed; not ready:\n{}",
        lines(unready)
    )]
    Unhealthy {
        /// How long was waited.
        seconds: u64,
        /// What was not ready.
        unready: Vec<Unready>,
    },
    /// The box is fine and GRUB will not know.
    #[error(
        "the box is healthy, but slot {slot} could not be marked good and after three such boots another one is started: {error}; run `systemctl restart onebox-health`"
    )]
    NotMarked {
        /// The slot.
        slot: boot::Slot,
        /// Why.
        error: String,
    },
}

fn lines(unready: &[Unready]) -> String {
    let lines: Vec<String> = unready.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl Verdict {
    pub(super) fn healthy(
        waited: Duration,
        slot: Option<(boot::Slot, Result<Confirmed, BootError>)>,
    ) -> Self {
        Self {
            state: State::Healthy,
            waited_ms: milliseconds(waited),
            unready: Vec::new(),
            slot: slot.map(|(name, marked)| Slot {
                name,
                marked_good: marked.is_ok(),
                meaning: marked.as_ref().ok().map(ToString::to_string),
                error: marked.err().map(|error| error.to_string()),
            }),
        }
    }

    pub(super) fn unhealthy(waited: Duration, unready: Vec<Unready>) -> Self {
        Self {
            state: State::Unhealthy,
            waited_ms: milliseconds(waited),
            unready,
            slot: None,
        }
    }

    /// Of a release that was on trial and stays.
    pub(crate) fn healthy_on_trial(waited: Duration, slot: boot::Slot) -> Self {
        Self::healthy(waited, Some((slot, Ok(Confirmed::Trial))))
    }

    /// Of a release that was on trial and is left.
    pub(crate) fn no_good(waited: Duration, probes: &[Probe]) -> Self {
        let unready = probes
            .iter()
            .map(|probe| Unready::new(&probe.what, &probe.why));
        Self::unhealthy(waited, unready.collect())
    }

    /// Whether the boot is confirmed.
    ///
    /// # Errors
    /// Says what was not ready, or that the slot could not be marked.
    pub fn outcome(self) -> Result<(), GateError> {
        if self.state == State::Unhealthy {
            return Err(GateError::Unhealthy {
                seconds: self.waited_ms / 1000,
                unready: self.unready,
            });
        }
        match self.slot {
            Some(Slot {
                name,
                error: Some(error),
                ..
            }) => Err(GateError::NotMarked { slot: name, error }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Healthy => "healthy",
            State::Unhealthy => "not healthy",
        };
        write!(f, "{state} after {} ms", self.waited_ms)?;
        match &self.slot {
            Some(Slot {
                name,
                meaning: Some(meaning),
                ..
            }) => write!(f, ", slot {name} marked good: {meaning}"),
            _ => Ok(()),
        }
    }
}

/// Writes the verdict where other programs look for it.
///
/// # Errors
/// When the system refuses.
pub fn record(disk: &Disk, verdict: &Verdict) -> Result<(), DiskError> {
    #[derive(Serialize)]
    struct Recorded<'a> {
        #[serde(flatten)]
        verdict: &'a Verdict,
        checked_at: String,
    }
    let now = OffsetDateTime::now_utc();
    let recorded = Recorded {
        verdict,
        checked_at: now.format(&Rfc3339).unwrap_or_else(|_| now.to_string()),
    };
    // Plain data: there is nothing in it that could not be written as JSON.
    let mut text = serde_json::to_string_pretty(&recorded).unwrap_or_else(|_| "{}".to_owned());
    text.push('\n');
    disk.directory(paths::STATUS_DIR, Access::root(0o755))?;
    disk.write(paths::STATUS_HEALTH, text.as_bytes(), Access::root(0o644))?;
    Ok(())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

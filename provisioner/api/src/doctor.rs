//! The doctor: what is wrong with the box, what that means, and what to do.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `POST` [`Ask`]: steps, then a [`Diagnosis`].
pub const DIAGNOSE: &str = "/v1/doctor";
/// `GET`: every [`About`], in the order in which they are looked at.
pub const CHECKS: &str = "/v1/doctor/checks";

/// What to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Names of checks; all when empty.
    #[serde(default)]
    pub only: Vec<String>,
    /// Whether to do what is safe about what was found, and look again.
    #[serde(default)]
    pub fix: bool,
}

/// A check that there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its name in `--only`.
    pub name: String,
    /// Where in the box it looks.
    pub layer: Layer,
    /// What it looks at, in a sentence.
    pub about: String,
}

/// Where in the box something is, from the ground up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Disk, memory, processors, kernel, clock, slots.
    Machine,
    /// Units, configuration, the keeper itself.
    System,
    /// Ports, certificates, names.
    Network,
    /// PostgreSQL, Redis, backups.
    Data,
    /// The application and its jobs.
    Application,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    #[default]
    Ok,
    /// Worth knowing, nothing to be done at once.
    Notice,
    /// It could not be looked at.
    Unknown,
    /// It works, and will not for ever.
    Warning,
    /// It does not work.
    Critical,
}

/// One thing that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The check that found it.
    pub check: String,
    /// How bad it is.
    pub state: State,
    /// The name of what is wrong, the same in every version: `disk-full`,
    /// `slow-queries`, …; absent when nothing is.
    pub problem: Option<String>,
    /// What is so, in a sentence.
    pub summary: String,
    /// What shows it: figures, and lines as programs wrote them.
    pub evidence: Vec<String>,
    /// What comes of it.
    pub consequence: Option<String>,
    /// What to do about it.
    pub fix: Option<Fix>,
}

/// What to do about a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// In words.
    pub text: String,
    /// Commands that do it or show more, to be typed as they stand.
    pub commands: Vec<String>,
    /// Whether the doctor does it with `--fix`: nothing is lost by it.
    pub automatic: bool,
    /// What came of doing it; absent when it was not done.
    pub outcome: Option<String>,
}

/// All that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// When the box was looked at.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The worst state of all findings.
    pub worst: State,
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// What was found and mended with `--fix`, as it was before.
    pub mended: Vec<Finding>,
}

impl Diagnosis {
    /// Of these findings.
    #[must_use]
    pub fn new(at: OffsetDateTime, findings: Vec<Finding>, mended: Vec<Finding>) -> Self {
        let states = findings.iter().map(|finding| finding.state);
        Self {
            at,
            worst: states.max().unwrap_or_default(),
            findings,
            mended,
        }
    }

    /// The exit status of a command that shows it: 0 when nothing has to be
    /// done, 1 when something will have to or could not be looked at, 2 when
    /// something does not work.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self.worst {
            State::Ok | State::Notice => 0,
            State::Unknown | State::Warning => 1,
            State::Critical => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_all_decides() {
        let of = |states: &[State]| {
            let findings = states.iter().map(|state| Finding {
                state: *state,
                ..Finding::default()
            });
            Diagnosis::new(OffsetDateTime::UNIX_EPOCH, findings.collect(), Vec::new()).exit_status()
        };
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[State::Ok, State::Notice]), 0);
        assert_eq!(of(&[State::Ok, State::Unknown]), 1);
        assert_eq!(of(&[State::Warning, State::Notice]), 1);
        assert_eq!(of(&[State::Critical, State::Warning]), 2);
    }
}

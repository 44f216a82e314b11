//! When: pure rules about time, each with the time given.
//!
//! Every date follows from the certificate's own two dates, never from a usual
//! lifetime: those become shorter.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// Longest time that an authority can make us wait.
pub(crate) const LONGEST_WAIT: Duration = Duration::hours(24);
/// How often the authority's own suggestion is looked at, at least.
const SUGGESTION_PERIOD: Duration = Duration::hours(6);
/// Asking more often is of no use, whatever is said (RFC 9773, 4.3.3).
const SUGGESTION_SHORTEST: Duration = Duration::hours(1);
/// Below this lifetime a third leaves too few tries.
const SHORT_LIVED: Duration = Duration::days(10);
/// Authorities refuse a name after five failed validations in an hour; one is
/// left for whoever wants to look by hand.
const FAILURES_PER_HOUR: usize = 4;

/// From when to when a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
}

impl Lifetime {
    /// The latest moment to renew: a third of the lifetime is left, or half of
    /// a short one.
    pub(crate) fn floor(self) -> OffsetDateTime {
        let whole = self.not_after - self.not_before;
        let left = if whole < SHORT_LIVED {
            whole / 2
        } else {
            whole / 3
        };
        self.not_after - left
    }
}

/// What an authority suggests (RFC 9773), and what we made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suggestion {
    /// The window's beginning.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) start: OffsetDateTime,
    /// Its end.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) end: OffsetDateTime,
    /// The moment inside that was drawn, once.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) chosen: OffsetDateTime,
    /// Where the authority explains itself.
    pub(crate) explanation: Option<String>,
}

impl Suggestion {
    /// Takes a window over from an authority. The moment drawn before stays
    /// while it lies inside; `random` is in 0..1.
    pub(crate) fn take(
        before: Option<&Self>,
        (start, end): (OffsetDateTime, OffsetDateTime),
        explanation: Option<String>,
        random: f64,
    ) -> Option<Self> {
        // A window that ends before it begins is to be ignored (RFC 9773, 4.2).
        if end <= start {
            return None;
        }
        let kept = before
            .map(|before| before.chosen)
            .filter(|chosen| (start..=end).contains(chosen));
        let chosen = kept.unwrap_or_else(|| start + (end - start) * random.clamp(0.0, 1.0));
        Some(Self {
            start,
            end,
            chosen,
            explanation,
        })
    }
}

/// When to renew, and why then: the suggestion can only be earlier than what
/// the certificate's dates say.
pub(crate) fn renew_at(
    lifetime: Lifetime,
    suggestion: Option<&Suggestion>,
) -> (OffsetDateTime, String) {
    let floor = lifetime.floor();
    match suggestion {
        Some(suggestion) if suggestion.chosen <= floor => (
            suggestion.chosen,
            match &suggestion.explanation {
                Some(link) => format!("the authority suggests it, see {link}"),
                None => "the authority suggests it".to_owned(),
            },
        ),
        _ => (floor, "the last part of its lifetime begins".to_owned()),
    }
}

/// When to ask for the suggestion again, after an answer that named a time.
pub(crate) fn ask_again(now: OffsetDateTime, retry_after: Option<Duration>) -> OffsetDateTime {
    let wait = retry_after.unwrap_or(SUGGESTION_PERIOD);
    now + wait.clamp(SUGGESTION_SHORTEST, SUGGESTION_PERIOD)
}

/// How long to wait after so many failures in a row: 1, 10, 100 minutes, then
/// a day; longer when the authority says so, up to a day.
pub(crate) fn wait_after(failures: u32, retry_after: Option<Duration>) -> Duration {
    let own = match failures {
        0 => Duration::ZERO,
        1 => Duration::minutes(1),
        2 => Duration::minutes(10),
        3 => Duration::minutes(100),
        _ => LONGEST_WAIT,
    };
    let asked = retry_after.unwrap_or(Duration::ZERO).min(LONGEST_WAIT);
    own.max(asked)
}

/// A stored moment as it counts now. Nothing is put off for longer than a day,
/// so one that is further away is from a clock that was wrong, and has passed.
pub(crate) fn sane(stored: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
    if stored > now + LONGEST_WAIT {
        now
    } else {
        stored
    }
}

/// When a name may fail once more, given when it failed. `None`: at once.
pub(crate) fn may_fail_again(
    failed: &[OffsetDateTime],
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    let hour = Duration::hours(1);
    let mut recent: Vec<OffsetDateTime> = failed
        .iter()
        .copied()
        .filter(|at| (now - hour..=now).contains(at))
        .collect();
    recent.sort_unstable();
    let first_that_counts = recent.len().checked_sub(FAILURES_PER_HOUR)?;
    recent
        .get(first_that_counts)
        .map(|at| *at + hour + Duration::SECOND)
}

#[cfg(test)]
mod tests;

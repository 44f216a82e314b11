//! What GRUB does with the boot state: the model of `grub.cfg`, for telling
//! what the next start will be and for the tests of every power cut.
//!
//! Starts are counted under the state's nonce. The first three go to the slot
//! on trial, or to the committed one; the next three to the one behind it: the
//! committed one after a trial, the other one where it may be started. After
//! that comes recovery, and the count begins anew, though never with a trial.

use super::slot::Slot;
use super::state::State;
use std::fmt;

/// Starts that a slot gets; so two power cuts in a row cost a good one nothing.
pub const STARTS: u8 = 3;

/// The count after which nothing is left but recovery.
pub const EXHAUSTED: u8 = 2 * STARTS;

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A slot, as a whole.
    Slot(Slot),
    /// A slot's recovery: network, SSH and console, without the site.
    Recovery(Slot),
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(slot) => write!(f, "slot {slot}"),
            Self::Recovery(slot) => write!(f, "the recovery of slot {slot}"),
        }
    }
}

/// One attempt of a start: when it cannot be loaded, the next one follows at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What is started.
    pub next: Next,
    /// The count that is written beforehand.
    pub count: u8,
    /// Whether it is left out when that cannot be written.
    pub only_counted: bool,
}

/// What GRUB attempts one after the other after `count` unconfirmed starts.
#[must_use]
pub fn attempts(state: &State, count: u8) -> Vec<Attempt> {
    let (first, second) = match state.trial {
        Some(trial) => (trial, Some(state.boot)),
        None => (state.boot, state.other_ok.then_some(state.boot.other())),
    };
    let mut attempts = Vec::new();
    let mut count = count.min(EXHAUSTED);
    if count < STARTS {
        attempts.push(Attempt {
            next: Next::Slot(first),
            count: count + 1,
            only_counted: state.trial.is_some(),
        });
        count = STARTS;
    }
    if let Some(second) = second.filter(|_| count < EXHAUSTED) {
        attempts.push(Attempt {
            next: Next::Slot(second),
            count: count + 1,
            only_counted: false,
        });
    }
    let again = if state.trial.is_some() { STARTS } else { 0 };
    for slot in [state.boot, state.boot.other()] {
        attempts.push(Attempt {
            next: Next::Recovery(slot),
            count: again,
            only_counted: false,
        });
    }
    attempts
}

/// What the next start is when everything can be loaded and written.
#[must_use]
pub fn next(state: &State, count: u8) -> Next {
    let first = attempts(state, count).into_iter().next();
    first.map_or(Next::Recovery(state.boot), |attempt| attempt.next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &State) -> Vec<String> {
        (0..=EXHAUSTED)
            .map(|count| next(state, count).to_string())
            .collect()
    }

    #[test]
    fn the_committed_slot_then_the_other_then_recovery() {
        let (a, b, recovery) = ("slot A", "slot B", "the recovery of slot A");
        let alone = State::NEW;
        let last_resort = State {
            other_ok: true,
            ..alone
        };
        let trial = State {
            trial: Some(Slot::B),
            ..last_resort
        };
        assert_eq!(
            row(&alone),
            [a, a, a, recovery, recovery, recovery, recovery]
        );
        assert_eq!(row(&last_resort), [a, a, a, b, b, b, recovery]);
        assert_eq!(row(&trial), [b, b, b, a, a, a, recovery]);
    }

    #[test]
    fn a_slot_that_cannot_be_loaded_is_left_within_one_start() {
        let state = State {
            trial: Some(Slot::B),
            ..State::NEW
        };
        let all: Vec<(Next, u8)> = attempts(&state, 1)
            .into_iter()
            .map(|attempt| (attempt.next, attempt.count))
            .collect();
        let expected = [
            (Next::Slot(Slot::B), 2),
            (Next::Slot(Slot::A), 4),
            (Next::Recovery(Slot::A), 3),
            (Next::Recovery(Slot::B), 3),
        ];
        assert_eq!(all, expected);
        assert!(attempts(&state, 1)[0].only_counted);
    }
}

//! The boot loader as RAUC sees it (its "custom" backend): RAUC calls
//! `boxd rauc-bootloader` with one of five verbs and reads one word.
//!
//! RAUC writes slots and decides nothing:
//!
//! - `set-state SLOT bad` comes before the first byte is written to a slot.
//! - `set-primary` would make a slot the one to start without a snapshot or a
//!   look at the database's schema, so it is refused; only `rauc status
//!   mark-active` and `activate-installed`, which is off, ask for it.
//! - `set-state SLOT good` of the slot that runs is the health gate's
//!   confirmation, given by hand. Nobody can know it of the other one.

use super::decision::Next;
use super::error::BootError;
use super::slot::Slot;
use super::store::Store;
use clap::{Subcommand, ValueEnum};

/// What RAUC asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// The slot that is started next
    GetPrimary,
    /// Refused, unless it is so already
    SetPrimary {
        /// A or B
        slot: Slot,
    },
    /// Whether a slot may be started
    GetState {
        /// A or B
        slot: Slot,
    },
    /// Note that a slot is about to be written (bad), or that the running one is well (good)
    SetState {
        /// A or B
        slot: Slot,
        /// good or bad
        state: SlotState,
    },
    /// The slot of the running system
    GetCurrent,
}

/// RAUC's two words for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SlotState {
    /// May be started.
    Good,
    /// May not.
    Bad,
}

/// RAUC was refused.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The state can't be read or written.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// This system is not from a slot.
    #[error("this system does not run from a slot")]
    NoSlot,
    /// Only a trial makes another slot the one to start.
    #[error(
        "slot {0} is not made the one to start: that takes a trial, which can be taken back; say `boxctl upgrade`"
    )]
    NotByRauc(Slot),
    /// The slot does not run.
    #[error(
        "slot {0} does not run, so nobody can say that it is good; it is when it is confirmed after a start"
    )]
    NotProven(Slot),
    /// The slot runs.
    #[error("slot {0} runs and must not be written; install into the other one")]
    Runs(Slot),
}

/// Does what RAUC asks for; `running` is the slot of the running system.
///
/// # Errors
/// When it is refused, or the state can't be read or written.
pub fn answer(
    store: &Store,
    running: Option<Slot>,
    verb: Verb,
) -> Result<Option<&'static str>, BackendError> {
    match verb {
        Verb::GetCurrent => Ok(Some(running.ok_or(BackendError::NoSlot)?.letter())),
        Verb::GetPrimary => Ok(Some(primary(store)?.letter())),
        Verb::SetPrimary { slot } if primary(store)? == slot => Ok(None),
        Verb::SetPrimary { slot } => Err(BackendError::NotByRauc(slot)),
        Verb::GetState { slot } => Ok(Some(if store.read()?.is_good(slot) {
            "good"
        } else {
            "bad"
        })),
        Verb::SetState { slot, state } => match (state, running == Some(slot)) {
            (SlotState::Good, true) => {
                store.confirm(slot)?;
                Ok(None)
            }
            (SlotState::Good, false) => Err(BackendError::NotProven(slot)),
            (SlotState::Bad, true) => Err(BackendError::Runs(slot)),
            (SlotState::Bad, false) => {
                store.slot_is_written(slot)?;
                Ok(None)
            }
        },
    }
}

fn primary(store: &Store) -> Result<Slot, BootError> {
    let (Next::Slot(slot) | Next::Recovery(slot)) = store.read()?.next();
    Ok(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        store.heal().unwrap();
        (dir, store)
    }

    fn set(slot: Slot, state: SlotState) -> Verb {
        Verb::SetState { slot, state }
    }

    #[test]
    fn an_installation_as_rauc_does_it() {
        let (_dir, store) = store();
        let ask = |verb| answer(&store, Some(Slot::A), verb).unwrap();
        let state = |slot| ask(Verb::GetState { slot });
        assert_eq!(ask(Verb::GetCurrent), Some("A"));
        assert_eq!(ask(Verb::GetPrimary), Some("A"));
        assert_eq!(
            (state(Slot::A), state(Slot::B)),
            (Some("good"), Some("bad"))
        );
        assert_eq!(ask(set(Slot::B, SlotState::Bad)), None);
        store.begin_trial(Slot::B).unwrap();
        assert_eq!(ask(Verb::GetPrimary), Some("B"));
        assert_eq!(state(Slot::B), Some("good"));
        // Written to once more: the trial is off.
        assert_eq!(ask(set(Slot::B, SlotState::Bad)), None);
        assert_eq!(ask(Verb::GetPrimary), Some("A"));
        assert_eq!(state(Slot::B), Some("bad"));
    }

    #[test]
    fn what_is_not_for_rauc_to_decide_is_refused_with_the_reason() {
        let (_dir, store) = store();
        let refused = |verb| answer(&store, Some(Slot::A), verb).unwrap_err().to_string();
        let primary = refused(Verb::SetPrimary { slot: Slot::B });
        assert!(primary.contains("boxctl upgrade"), "{primary}");
        let good = refused(set(Slot::B, SlotState::Good));
        assert!(good.contains("does not run"), "{good}");
        let bad = refused(set(Slot::A, SlotState::Bad));
        assert!(bad.contains("must not be written"), "{bad}");
        answer(&store, Some(Slot::A), Verb::SetPrimary { slot: Slot::A }).unwrap();
        answer(&store, Some(Slot::A), set(Slot::A, SlotState::Good)).unwrap();
        assert!(answer(&store, None, Verb::GetCurrent).is_err());
    }
}

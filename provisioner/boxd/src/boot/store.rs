//! Reading and changing the boot state.
//!
//! The rules that make a power cut harmless, whichever write it falls into:
//!
//! - A copy counts only together with its checksum, so a copy that is half
//!   written is no copy.
//! - The copies are written one after the other, and no copy is touched before
//!   the other one was seen to be whole (see [`Store::heal`]).
//! - The first whole copy counts, for GRUB too: the new state is in force from
//!   the moment the first copy's checksum stands.
//! - A state has a nonce, and starts count only under it: with a new state the
//!   count is 0 without another write.

use super::block;
use super::decision::{self, EXHAUSTED, Next, STARTS};
use super::error::BootError;
use super::files::{Copy, Directory, Medium, Part, sum, tries};
use super::slot::Slot;
use super::state::State;
use crate::disk::Disk;
use onebox_model::paths;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The boot state of a box.
#[derive(Clone, Debug)]
pub struct Store {
    medium: Arc<dyn Medium>,
}

/// Where a state is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A whole copy.
    Copy(Copy),
    /// Neither copy is whole: GRUB starts as on a new box.
    Default,
}

/// What stands on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The state that GRUB goes by.
    pub state: State,
    /// Where it is from.
    pub origin: Origin,
    /// Copies that are not whole or say something else; [`Store::heal`] mends
    /// them.
    pub damaged: Vec<Copy>,
    /// Starts since the state was made or a boot was confirmed, as GRUB has
    /// counted them: 1 to 3 went to the first slot, 4 to 6 to the one behind it.
    pub tries: u8,
}

impl Found {
    /// What the next start is.
    #[must_use]
    pub fn next(&self) -> Next {
        decision::next(&self.state, self.tries)
    }

    /// Whether a trial has used up its starts.
    #[must_use]
    pub fn trial_is_spent(&self) -> bool {
        self.state.trial.is_some() && self.tries >= STARTS
    }

    /// Whether a slot would be started, or has been found good: what RAUC
    /// calls good.
    #[must_use]
    pub fn is_good(&self, slot: Slot) -> bool {
        slot == self.state.boot || self.state.other_ok || self.state.trial == Some(slot)
    }
}

/// What a good boot meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The trial was won: its slot is the committed one now.
    Trial,
    /// The committed slot was good again.
    Again,
    /// GRUB had to leave the committed slot for this one, which takes its place.
    LastResort,
    /// The committed slot is good while the other one is still on trial: either
    /// that is to be started yet, or it has failed and nobody has said so.
    TrialOpen,
    /// The other slot, started by hand from GRUB's menu: nothing is decided.
    ByHand,
}

impl fmt::Display for Confirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trial => "its trial is won, it is started from now on",
            Self::Again => "it is started next too",
            Self::LastResort => "it takes the place of the slot that did not start",
            Self::TrialOpen => "the trial of the other slot is still open",
            Self::ByHand => "it was started by hand, the next boot is as it was",
        })
    }
}

impl Store {
    /// The state below `directory`, which holds GRUB's files.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self::on(Arc::new(Directory::new(directory)))
    }

    /// The state of a box.
    #[must_use]
    pub fn of_box(disk: &Disk) -> Self {
        Self::new(&disk.path(paths::BOOT_STATE_DIR))
    }

    pub(super) fn on(medium: Arc<dyn Medium>) -> Self {
        Self { medium }
    }

    /// What stands on the disk. Changes nothing.
    ///
    /// # Errors
    /// When the partition can't be read; copies that are damaged are no error.
    pub fn read(&self) -> Result<Found, BootError> {
        let _lock = self.medium.lock()?;
        self.look()
    }

    /// Writes damaged copies again. Called by every change before its first
    /// write, and at every good boot.
    ///
    /// # Errors
    /// When the partition can't be written.
    pub fn heal(&self) -> Result<Found, BootError> {
        let _lock = self.medium.lock()?;
        self.mend()
    }

    /// A boot from `slot` was good. May be said any number of times.
    ///
    /// # Errors
    /// When the partition can't be read or written.
    pub fn confirm(&self, slot: Slot) -> Result<Confirmed, BootError> {
        let _lock = self.medium.lock()?;
        let found = self.mend()?;
        let state = found.state;
        if state.trial == Some(slot) {
            self.replace(State {
                boot: slot,
                trial: None,
                other_ok: true,
                ..state
            })?;
            return Ok(Confirmed::Trial);
        }
        match (slot == state.boot, state.trial) {
            (true, None) => {
                self.count(&found, 0)?;
                Ok(Confirmed::Again)
            }
            (true, Some(_)) => {
                // Its own starts are forgiven, those of the trial are not.
                if found.trial_is_spent() {
                    self.count(&found, STARTS)?;
                }
                Ok(Confirmed::TrialOpen)
            }
            // Only GRUB's own choice of the last resort counts that far.
            (false, _) if state.other_ok && found.tries > STARTS => {
                self.replace(State {
                    boot: slot,
                    trial: None,
                    other_ok: true,
                    ..state
                })?;
                Ok(Confirmed::LastResort)
            }
            (false, _) => Ok(Confirmed::ByHand),
        }
    }

    /// The next three starts are `slot`'s, which must be written whole. Said
    /// again before its first start it changes nothing; after that it grants
    /// three new ones.
    ///
    /// # Errors
    /// When it is the committed slot, or the partition can't be written.
    pub fn begin_trial(&self, slot: Slot) -> Result<(), BootError> {
        let _lock = self.medium.lock()?;
        let found = self.mend()?;
        if slot == found.state.boot {
            return Err(BootError::TrialOfCommitted(slot));
        }
        if found.state.trial == Some(slot) && found.tries == 0 {
            return Ok(());
        }
        self.replace(State {
            trial: Some(slot),
            ..found.state
        })
    }

    /// The trial is over without a good boot, or is not to take place.
    ///
    /// # Errors
    /// When the partition can't be written.
    pub fn end_trial(&self) -> Result<(), BootError> {
        let _lock = self.medium.lock()?;
        let found = self.mend()?;
        if found.state.trial.is_none() {
            return Ok(());
        }
        self.replace(State {
            trial: None,
            ..found.state
        })
    }

    /// `slot` is about to be written: from now on nothing starts it before a
    /// trial is begun. When it is the committed one (the box runs from the
    /// other slot as a last resort) the other one takes its place.
    ///
    /// # Errors
    /// When the partition can't be written; `slot` must not be written then.
    pub fn slot_is_written(&self, slot: Slot) -> Result<(), BootError> {
        let _lock = self.medium.lock()?;
        let found = self.mend()?;
        let wanted = State {
            boot: slot.other(),
            trial: None,
            other_ok: false,
            ..found.state
        };
        if found.state == wanted {
            return Ok(());
        }
        self.replace(wanted)
    }

    fn look(&self) -> Result<Found, BootError> {
        let copies = Copy::ALL.map(|copy| Ok((copy, self.copy(copy)?)));
        let mut seen = Vec::new();
        for copy in copies {
            seen.push(copy?);
        }
        let whole = seen
            .iter()
            .find_map(|(copy, state)| Some((*copy, (*state)?)));
        let (origin, state) = match whole {
            Some((copy, state)) => (Origin::Copy(copy), state),
            None => (Origin::Default, State::NEW),
        };
        let other = |seen: &&(Copy, Option<State>)| seen.1 != Some(state);
        let mut damaged: Vec<Copy> = seen.iter().filter(other).map(|seen| seen.0).collect();
        let mut most = 0;
        for copy in Copy::ALL {
            match self.medium.read(copy, Part::Tries)? {
                // GRUB writes into a block that is there and makes none.
                Some(bytes) if block::decode(&bytes).is_some() => {
                    most = most.max(tries(&bytes, &state.nonce.to_string()));
                }
                _ if damaged.contains(&copy) => {}
                _ => damaged.push(copy),
            }
        }
        damaged.sort();
        Ok(Found {
            state,
            origin,
            damaged,
            tries: most,
        })
    }

    /// A copy that is whole.
    fn copy(&self, copy: Copy) -> Result<Option<State>, BootError> {
        let block = self.medium.read(copy, Part::State)?.unwrap_or_default();
        let line = self.medium.read(copy, Part::Sum)?.unwrap_or_default();
        Ok(State::decode(&block).filter(|_| line == sum(&block)))
    }

    fn mend(&self) -> Result<Found, BootError> {
        let found = self.look()?;
        for copy in &found.damaged {
            self.put(*copy, &found.state)?;
            self.put_tries(*copy, &found.state, found.tries)?;
        }
        Ok(Found {
            damaged: Vec::new(),
            ..found
        })
    }

    /// Puts a state in force that differs from the present one; both copies are
    /// whole.
    fn replace(&self, state: State) -> Result<(), BootError> {
        let state = state.next().map_err(BootError::Random)?;
        for copy in Copy::ALL {
            self.put(copy, &state)?;
        }
        Ok(())
    }

    fn put(&self, copy: Copy, state: &State) -> Result<(), BootError> {
        let block = state.encode();
        self.medium.write(copy, Part::State, &block)?;
        self.medium.write(copy, Part::Sum, &sum(&block))
    }

    /// The most that a copy says counts, so a lower count is in force when both
    /// have it; until then the old one is.
    fn count(&self, found: &Found, count: u8) -> Result<(), BootError> {
        if found.tries == count {
            return Ok(());
        }
        for copy in Copy::ALL {
            self.put_tries(copy, &found.state, count)?;
        }
        Ok(())
    }

    fn put_tries(&self, copy: Copy, state: &State, count: u8) -> Result<(), BootError> {
        let count = format!("{}:{}", state.nonce, count.min(EXHAUSTED));
        let block = block::encode(&[("tries", &count)]);
        self.medium.write(copy, Part::Tries, &block)
    }
}

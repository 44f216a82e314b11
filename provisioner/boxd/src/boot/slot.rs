//! The two slots by name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A partition that holds a whole system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// The first one; a new box runs from it.
    A,
    /// The second one.
    B,
}

/// It is neither slot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no slot “{0}”; say A or B")]
pub struct UnknownSlot(pub String);

impl Slot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The one that is not this one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its partition's name in the partition table.
    #[must_use]
    pub const fn partition(self) -> &'static str {
        match self {
            Self::A => "slot-a",
            Self::B => "slot-b",
        }
    }

    /// Its name for RAUC and GRUB.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

impl FromStr for Slot {
    type Err = UnknownSlot;

    fn from_str(text: &str) -> Result<Self, UnknownSlot> {
        let mut slots = Self::ALL.into_iter();
        slots
            .find(|slot| slot.letter() == text)
            .ok_or_else(|| UnknownSlot(text.to_owned()))
    }
}

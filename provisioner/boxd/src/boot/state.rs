//! What is decided: the slot that is started, and the one on trial.

use super::block::{self, SIZE};
use super::slot::Slot;
use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Serialize, Serializer};
use std::fmt;
use std::io;

/// The boot state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Rises with every change.
    pub serial: u64,
    /// The committed slot: the one that was found good last.
    pub boot: Slot,
    /// The slot that is to prove itself; never the committed one.
    pub trial: Option<Slot>,
    /// Whether the slot that is not committed may be started as a last resort:
    /// it was found good once, and nothing has been written to it since.
    pub other_ok: bool,
    /// New with every state, so that starts counted under another do not count.
    pub nonce: Nonce,
}

impl State {
    /// What a new box has, and what GRUB goes by when neither copy is whole.
    pub const NEW: Self = Self {
        serial: 0,
        boot: Slot::A,
        trial: None,
        other_ok: false,
        nonce: Nonce(0),
    };

    /// A later state that differs in its serial and its nonce.
    pub(super) fn next(self) -> io::Result<Self> {
        Ok(Self {
            serial: self.serial.saturating_add(1),
            nonce: Nonce::random()?,
            ..self
        })
    }

    pub(super) fn encode(&self) -> [u8; SIZE] {
        block::encode(&[
            ("serial", &self.serial.to_string()),
            ("boot", self.boot.letter()),
            ("trial", self.trial.map_or("", Slot::letter)),
            ("other_ok", if self.other_ok { "yes" } else { "no" }),
            ("nonce", &self.nonce.to_string()),
        ])
    }

    /// The state in a block; `None` when any part of it is not as it must be.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let variables = block::decode(bytes)?;
        let value = |name| block::value(&variables, name);
        let boot = value("boot")?.parse().ok()?;
        let trial = match value("trial")? {
            "" => None,
            letter => Some(letter.parse().ok()?),
        };
        let state = Self {
            serial: value("serial")?.parse().ok()?,
            boot,
            trial: trial.filter(|trial| *trial != boot),
            other_ok: match value("other_ok")? {
                "yes" => true,
                "no" => false,
                _ => return None,
            },
            nonce: Nonce::parse(value("nonce")?)?,
        };
        // One way to write each state: anything else was not written by this.
        (state.encode() == bytes).then_some(state)
    }
}

/// Sixteen hexadecimal digits that no two states share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce(u64);

impl Nonce {
    fn random() -> io::Result<Self> {
        let mut bytes = [0; 8];
        // Short reads are for requests of more than 256 bytes only.
        getrandom(&mut bytes, GetRandomFlags::empty())?;
        Ok(Self(u64::from_le_bytes(bytes)))
    }

    #[cfg(test)]
    pub(super) const fn of(number: u64) -> Self {
        Self(number)
    }

    fn parse(text: &str) -> Option<Self> {
        let nonce = Self(u64::from_str_radix(text, 16).ok()?);
        (nonce.to_string() == text).then_some(nonce)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_state_is_read_as_it_was_written(
            serial: u64, boot: bool, trial: bool, other_ok: bool, nonce: u64,
        ) {
            let boot = if boot { Slot::A } else { Slot::B };
            let trial = trial.then_some(boot.other());
            let state = State { serial, boot, trial, other_ok, nonce: Nonce(nonce) };
            prop_assert_eq!(State::decode(&state.encode()), Some(state));
        }

        #[test]
        fn nothing_else_is_a_state(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert_eq!(State::decode(&bytes), None);
        }
    }

    #[test]
    fn a_trial_of_the_committed_slot_is_no_state() {
        let text = |trial| {
            block::encode(&[
                ("serial", "1"),
                ("boot", "A"),
                ("trial", trial),
                ("other_ok", "no"),
                ("nonce", "00000000000000ff"),
            ])
        };
        assert!(State::decode(&text("B")).is_some());
        for wrong in ["A", "C", "b"] {
            assert_eq!(State::decode(&text(wrong)), None, "{wrong}");
        }
    }
}

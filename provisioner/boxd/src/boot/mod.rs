//! The boot state: which slot GRUB starts, and what it does when that one does
//! not come up.
//!
//! The state stands twice on the EFI system partition ([`Store`]), each copy
//! with its checksum and in a directory of its own. GRUB reads it (`grub.cfg`)
//! and counts starts; everything else is written here, in place, one copy after
//! the other, so that a power cut at any point leaves the old decision or the
//! new one. [`decision`] is what GRUB makes of it, as a plain function.
//!
//! For those who change what is started, [`Store`] has four verbs:
//! [`slot_is_written`](Store::slot_is_written) before a slot's first byte is
//! written, [`begin_trial`](Store::begin_trial) when it is whole,
//! [`confirm`](Store::confirm) after a good boot and
//! [`end_trial`](Store::end_trial) when a trial is over without one. Each may be
//! repeated. Nothing here starts, stops or writes a slot.

mod block;
pub mod decision;
mod error;
mod files;
pub mod rauc;
mod running;
mod slot;
mod state;
mod store;
#[cfg(test)]
mod tests;

pub use error::BootError;
pub use files::Copy;
pub use running::{running_slot, running_slot_in};
pub use slot::{Slot, UnknownSlot};
pub use state::{Nonce, State};
pub use store::{Confirmed, Found, Origin, Store};

//! Runs a Onebox image in QEMU.
//!
//! A virtual machine is a directory ([`State`]): its own copy of the image, an
//! SSH key, logs, sockets and what was chosen for it. [`Vm`] creates it, starts
//! QEMU on it, stops it, and knows how to talk to what runs inside: over the
//! serial line ([`serial`]), SSH ([`ssh`]), HTTPS ([`https`], [`ready`]) and
//! QEMU's own control socket ([`qmp`]).
//!
//! The crate blocks; only waiting for readiness has a thread of its own. It
//! never prints: callers watch through return values and callbacks. Start reading at [`vm`], then
//! [`command`] for what QEMU is told.

pub mod accel;
pub mod command;
pub mod cpu;
pub mod credentials;
pub mod error;
pub mod firmware;
pub mod gpt;
pub mod host;
pub mod https;
pub mod image;
pub mod lock;
pub mod pin;
pub mod ports;
pub mod process;
pub mod qmp;
pub mod ready;
pub mod reflash;
pub mod serial;
pub mod settings;
pub mod socket;
pub mod ssh;
pub mod state;
#[cfg(feature = "testing")]
pub mod testing;
pub mod vm;

pub use error::{Error, Result};
pub use settings::{Ports, Settings};
pub use state::State;
pub use vm::Vm;

//! Releases: what is in one, who signed it, and the channel it is found in.
//!
//! Pure: nothing here reads the clock, the network or a box; times, trust and
//! bytes are handed in. Two sides use it: the maker's `boxctl release …`, and
//! `boxd`, which must not believe a channel more than its [`Keyring`] says.
//!
//! Start reading at [`Release`] (what a release says of itself), then
//! [`channel`] (how a box finds it) and [`Keyring`] (whom a box believes).

mod certificate;
pub mod changes;
pub mod channel;
pub mod compatibility;
pub mod delta;
pub mod digest;
pub mod keyring;
pub mod keys;
pub mod manifest;
mod moment;
mod pem;
pub mod signature;

pub use certificate::{CertificateError, Described};
pub use channel::Index;
pub use compatibility::{Installed, Obstacle};
pub use keyring::Keyring;
pub use manifest::Release;
/// Versions of releases (semver.org).
pub use semver::Version;

/// What RAUC calls the kind of box that a bundle is for (`compatible` in its
/// `system.conf`).
pub const COMPATIBLE: &str = "wizamart-onebox";

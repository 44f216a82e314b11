//! The box behind Cloudflare. Connections then come from Cloudflare's servers,
//! and who really asks is in header fields, which anybody else could write as
//! well: they are believed when the connection comes from a network of
//! Cloudflare's, and never otherwise.
//!
//! Which networks those are ships with the program ([`list`]) and can be asked
//! for anew ([`refresh`]). A list that is not sound is not used: the shipped
//! one is, so that no mistake makes the box believe more.
//!
//! Start reading at [`Cloudflare::visitor`].

mod in_force;
pub mod list;
pub mod ranges;
pub mod refresh;
pub mod visitor;

pub use in_force::{Cloudflare, InForce};
pub use visitor::{Country, Visitor};

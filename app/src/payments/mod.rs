//! Vendors pay for the platform through Stripe.
//!
//! [`stripe`] speaks its API, [`signature`] tells its webhooks from others'.
//! Events come late, twice and in any order, so the newest word about a
//! subscription wins ([`apply`]), and where it is not clear which is newer
//! the subscription is fetched. A periodic job compares everything.
//!
//! Why no client crate: the one that is kept up, async-stripe, is a release
//! candidate (1.0.0-rc.10), and its stable line speaks an API of 2022. We use
//! seven calls; they are plain HTTP with a pinned version.

pub mod apply;
pub mod signature;
pub mod stripe;
pub mod types;

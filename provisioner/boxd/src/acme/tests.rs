//! The whole: against a real authority (Pebble), against one that misbehaves,
//! and through years.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test helpers"
)]

mod bench;
mod cloudflare;
mod fake;
mod faults;
mod pebble;
mod site;
mod with_pebble;
mod years;

//! Real servers for tests, with faults on demand.
//!
//! What the box talks to over the network and what cannot be had on a machine
//! without one: here it runs on loopback, speaks the real protocol, and fails
//! when it is told to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot start its server has failed"
)]

pub mod files;
pub mod s3;
mod tls;

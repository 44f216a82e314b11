//! The keeper on a box in a temporary directory: systemd is played, files and
//! sockets are real.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod alerts;
mod certificates;
mod daemon;
mod doctor;
mod generations;
mod secrets;
mod servers;
mod stage;

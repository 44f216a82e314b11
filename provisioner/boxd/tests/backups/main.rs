//! Backups and restores by the programs of the image, against real servers.
//! `cargo xtask test unit` runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod drills;
mod faults;
mod going_back;
mod making;
mod object_store;
mod power;
mod speed;
mod stage;

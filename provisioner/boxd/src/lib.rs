//! The keeper of the box.
//!
//! [`daemon`] is what runs all the time: recurring work ([`reconcilers`]) and the
//! interface that `boxctl` asks. Three jobs of a boot are blocking and short: [`prepare`] makes first-boot
//! material and renders configuration before any service starts, [`generator`]
//! turns the machine's size into unit limits, [`gate`] decides whether a boot
//! is healthy. None may keep the box from booting: whatever is wrong with the
//! operator's file or with one step, the rest is still done, so that there is
//! a way in to repair it.
//!
//! Everything that touches files goes through [`disk::Disk`], under a root
//! that is `/` on a box and a temporary directory in tests.

pub mod accounts;
pub mod acme;
pub mod alerts;
pub mod backups;
pub mod boot;
pub mod cli;
mod command;
pub mod daemon;
pub mod disk;
pub mod doctor;
pub mod effective;
pub mod gate;
pub mod generations;
pub mod generator;
mod local_ca;
mod openssh;
mod pair;
mod password;
pub mod prepare;
pub mod reconcilers;
pub mod rendered;
pub mod reset;
pub mod secrets;
pub mod status;
pub mod steps;
pub mod support;
pub mod systemd;
pub mod upgrade;

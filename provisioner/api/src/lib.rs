//! What `boxd` and `boxctl` say to each other, over HTTP on a unix socket.
//!
//! One module for each subject, with the types of its requests and answers and
//! the paths they travel on, so that neither side can mean something else.

pub mod alerts;
pub mod backups;
pub mod certificates;
#[cfg(feature = "client")]
pub mod client;
pub mod doctor;
pub mod generations;
pub mod problem;
pub mod progress;
pub mod reconcilers;
pub mod reset;
pub mod secrets;
pub mod status;
pub mod support;
pub mod units;
pub mod upgrades;

pub use problem::Problem;

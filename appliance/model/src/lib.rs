//! What a box is: typed configuration, sizing, paths, ports, units and queues.
//!
//! One fact stands in one place, and this is the place: the application, the
//! keeper, the image's tests and the documentation read ports, paths, unit
//! names, queues and limits from here. The crate plans and never acts: apart
//! from loading the operator's file, the release file and `/proc/meminfo` it
//! does no I/O, and [`render`] returns the files it wants instead of writing
//! them.
//!
//! Start reading at [`Config`] (what the operator chose), then [`Sizing`]
//! (what the machine can carry), then [`render`] (the files that follow).

pub mod alert_mail;
pub mod config;
pub mod effects;
pub mod machine;
pub mod paths;
pub mod ports;
pub mod queues;
pub mod release;
pub mod render;
pub mod seal_keys;
pub mod secret;
pub mod sizing;
pub mod thresholds;
pub mod units;

pub use config::{Config, ConfigError};
pub use machine::{Machine, MachineError};
pub use queues::QueueName;
pub use release::{Release, ReleaseError};
pub use seal_keys::{KeyFileError, SealKey, SealKeyId};
pub use secret::{Credentials, Secret, SecretError};
pub use sizing::Sizing;

//! Tests of the real image in a real virtual machine.
//!
//! The image is named by `ONEBOX_IMAGE`; `cargo xtask test` builds it and sets
//! that. A boot takes a minute or two where it is emulated, so a scenario boots
//! as rarely as it can and asks everything of one boot. Logs stay under
//! `target/vm/SCENARIO/`.
//!
//! Start reading at [`Scenario`]; [`checks`] are what every box must be,
//! [`App`] is its application as a client sees it, [`steady`], [`orders`] and [`visitors`]
//! clients that never pause.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: a failure is a panic with its context"
)]

pub mod app;
pub mod checks;
pub mod grub;
pub mod guest;
pub mod orders;
pub mod pebble;
pub mod release;
pub mod scenario;
pub mod steady;
pub mod upgrades;
pub mod visitors;

pub use app::App;
pub use guest::Guest;
pub use orders::Orders;
pub use scenario::Scenario;
pub use visitors::Visitors;

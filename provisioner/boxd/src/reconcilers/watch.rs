//! Watches: nothing is changed, but somebody is told in time.

mod clock;
pub mod disk;
mod memory;
pub mod units;

pub use clock::Clock;
pub use disk::Disks;
pub use memory::OutOfMemory;
pub use units::FailedUnits;

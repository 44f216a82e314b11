//! Watches: nothing is changed, but somebody is told in time.

pub mod clock;
pub mod disk;
mod memory;
mod queues;
pub mod units;

pub use clock::Clock;
pub use disk::Disks;
pub use memory::OutOfMemory;
pub use queues::Queues;
pub use units::FailedUnits;

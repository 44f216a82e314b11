//! The boot loader alone: the image's own GRUB and its EFI system partition on a
//! disk whose slots are stand-ins that reset the machine as soon as they are
//! started, so that a start takes a second or two and a row of them one machine.

mod disk;
mod fat;
mod machine;
mod slot;
mod state;

pub use disk::{Disk, Slot};
pub use fat::Fat;
pub use machine::Machine;
pub use slot::{Kernel, slot};
pub use state::{State, sum, tries};

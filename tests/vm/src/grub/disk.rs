//! A disk with the image's boot loader and stand-ins in its slots.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use onebox_vm::gpt::{Gpt, Partition};
use onebox_vm::image::sparse::{self, Target};

use super::fat::Fat;
use super::slot::{Kernel, slot};
use super::state::{State, sum, tries};

/// One of the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first one.
    A,
    /// The second one.
    B,
}

/// A disk of its own for one case.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    file: File,
    gpt: Gpt,
}

impl Disk {
    /// A disk at `path` with the boot loader of `image`, stand-ins in both slots
    /// and this state in both copies, with no start counted.
    ///
    /// # Panics
    /// When the image can't be read or the disk can't be written.
    #[must_use]
    pub fn new(path: &Path, image: &Path, state: &State) -> Self {
        let mut from = File::open(image).expect("open the image");
        let gpt = Gpt::read_box(&from).expect("read the image's partitions");
        let options = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .clone();
        let _absent = fs::remove_file(path);
        let file = options.open(path).expect("create the disk");
        let slots = part(&gpt, "slot-a").start;
        from.seek(SeekFrom::Start(0)).expect("read the image");
        let length = from.metadata().expect("read the image").len();
        sparse::copy(&mut from.take(slots), &file, 0, Target::Empty).expect("copy the boot loader");
        file.set_len(length).expect("size the disk");
        let disk = Self {
            path: path.to_owned(),
            file,
            gpt,
        };
        for each in [Slot::A, Slot::B] {
            disk.fill(each, &slot(Kernel::Resets, true));
        }
        for copy in [1, 2] {
            disk.state(copy, state);
            disk.esp()
                .write(&of(copy, "tries.env"), &tries(state.nonce, 0));
        }
        disk
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The EFI system partition.
    #[must_use]
    pub fn esp(&self) -> Fat<'_> {
        Fat::open(&self.file, part(&self.gpt, "esp").start)
    }

    /// Puts a state into a copy, with its checksum.
    pub fn state(&self, copy: u8, state: &State) {
        let block = state.block();
        self.esp().write(&of(copy, "state.env"), &block);
        self.esp().write(&of(copy, "state.sum"), &sum(&block));
    }

    /// Puts these bytes at the beginning of a slot and nothing behind them.
    ///
    /// # Panics
    /// When they can't be written.
    pub fn fill(&self, slot: Slot, content: &[u8]) {
        let at = self.slot(slot).start;
        self.file.write_all_at(content, at).expect("write the slot");
    }

    /// The first bytes of what the image has in slot A.
    ///
    /// # Panics
    /// When it can't be read.
    #[must_use]
    pub fn of_image(&self, image: &Path, count: usize) -> Vec<u8> {
        let mut content = vec![0; count];
        let from = File::open(image).expect("open the image");
        from.read_exact_at(&mut content, self.slot(Slot::A).start)
            .expect("read the image");
        content
    }

    fn slot(&self, slot: Slot) -> &Partition {
        part(&self.gpt, if slot == Slot::A { "slot-a" } else { "slot-b" })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.path);
    }
}

/// A file of a copy.
#[must_use]
fn of(copy: u8, name: &str) -> String {
    format!("grub/boot-{copy}/{name}")
}

fn part<'a>(gpt: &'a Gpt, label: &str) -> &'a Partition {
    gpt.partition(label).expect("a box's partitions")
}

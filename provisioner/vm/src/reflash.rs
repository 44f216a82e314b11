//! Brings a newer image onto an existing disk and keeps the box's data.
//!
//! The new image's boot partition and slot A replace the old ones; the boot
//! state comes with the boot partition, so the box starts slot A. Partition
//! table, slot B and data stay. That only works while the layout is the same.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, IoContext, Result};
use crate::gpt::{Gpt, Partition};
use crate::image::sparse::{self, Target};

/// Partitions that come from the image.
const FLASHED: [&str; 2] = ["esp", "slot-a"];

/// Partitions that must be where they were; the last one has grown.
const FIXED: [&str; 4] = ["bios", "esp", "slot-a", "slot-b"];

/// Copies the system of the raw `image` onto the raw `disk`.
///
/// # Errors
/// [`Error::LayoutChanged`] when the partitions differ (nothing was written
/// then), or when reading or writing fails.
pub fn reflash(image: &Path, disk: &Path) -> Result<()> {
    let mut new = File::open(image).at("open", image)?;
    let old = OpenOptions::new()
        .read(true)
        .write(true)
        .open(disk)
        .at("open", disk)?;
    let (from, to) = (table(&new, image)?, table(&old, disk)?);
    for label in FIXED {
        let (from, to) = (from.partition(label), to.partition(label));
        if from != to {
            let detail = format!("{label}: {} instead of {}", place(from), place(to));
            return Err(Error::LayoutChanged { detail });
        }
    }
    for part in FLASHED.iter().filter_map(|label| from.partition(label)) {
        new.seek(SeekFrom::Start(part.start)).at("read", image)?;
        let mut content = Read::take(&mut new, part.length);
        sparse::copy(&mut content, &old, part.start, Target::Used).at("write", disk)?;
    }
    old.sync_all().at("write", disk)
}

fn table(file: &File, path: &Path) -> Result<Gpt> {
    Gpt::read_box(file).map_err(|error| Error::DamagedImage {
        path: path.into(),
        detail: error.to_string(),
    })
}

fn place(partition: Option<&Partition>) -> String {
    match partition {
        Some(p) => format!("{} bytes at {}", p.length, p.start),
        None => "none".into(),
    }
}

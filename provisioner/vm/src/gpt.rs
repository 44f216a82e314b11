//! Reads a GUID partition table: enough to know where the box's partitions are
//! and that neither the table nor the file was cut or altered.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes in a sector. Images of another sector size are not made.
pub const SECTOR: u64 = 512;

/// Labels of a box's partitions, in order.
pub const LABELS: [&str; 5] = ["bios", "esp", "slot-a", "slot-b", "data"];

/// A partition table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpt {
    /// Used entries in the table's order.
    pub partitions: Vec<Partition>,
    /// Bytes the disk must have for the table's backup at its end.
    pub length: u64,
}

/// One used entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The partition's label.
    pub label: String,
    /// First byte.
    pub start: u64,
    /// Size in bytes.
    pub length: u64,
}

/// Why a table can't be used.
#[derive(Debug, thiserror::Error)]
pub enum GptError {
    /// The disk can't be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The file ends before the table does.
    #[error("it ends after {0} bytes, within the partition table")]
    Short(u64),
    /// There is no table.
    #[error("it has no partition table")]
    Missing,
    /// A checksum or a field is wrong.
    #[error("its partition table is corrupt ({0})")]
    Corrupt(&'static str),
    /// The disk is shorter than the table says.
    #[error("it is cut short: {found} bytes of {expected}")]
    Truncated {
        /// Bytes there.
        found: u64,
        /// Bytes the table speaks of.
        expected: u64,
    },
    /// It is a disk, but not a box's.
    #[error("it is not a Onebox image: its partitions are {0:?}")]
    Labels(Vec<String>),
}

impl Gpt {
    /// Reads the table of `disk`.
    ///
    /// # Errors
    /// When there is none, or it or the disk is damaged.
    pub fn read(disk: &File) -> Result<Self, GptError> {
        let found = disk.metadata()?.len();
        let header = sectors(disk, found, SECTOR, SECTOR)?;
        if &header[..8] != b"EFI PART" {
            return Err(GptError::Missing);
        }
        let size = u32_at(&header, 12) as usize;
        if !(92..=header.len()).contains(&size) {
            return Err(GptError::Corrupt("header size"));
        }
        let mut summed = header[..size].to_vec();
        summed[16..20].fill(0);
        if crc32fast::hash(&summed) != u32_at(&header, 16) {
            return Err(GptError::Corrupt("header checksum"));
        }
        let (count, entry) = (
            u64::from(u32_at(&header, 80)),
            u64::from(u32_at(&header, 84)),
        );
        if count > 1024 || !(128..=4096).contains(&entry) {
            return Err(GptError::Corrupt("entry count or size"));
        }
        let table = sectors(disk, found, bytes(u64_at(&header, 72))?, count * entry)?;
        if crc32fast::hash(&table) != u32_at(&header, 88) {
            return Err(GptError::Corrupt("entries checksum"));
        }
        let used = table
            .chunks_exact(entry as usize)
            .filter(|entry| entry[..16] != [0; 16]);
        let partitions = used.map(partition).collect::<Result<_, _>>()?;
        let length = bytes(u64_at(&header, 32))?.saturating_add(SECTOR);
        Ok(Self { partitions, length })
    }

    /// Reads the table of `disk` and checks that it is a whole box's.
    ///
    /// # Errors
    /// As [`Gpt::read`], and when the disk is cut or the labels are others.
    pub fn read_box(disk: &File) -> Result<Self, GptError> {
        let gpt = Self::read(disk)?;
        let labels: Vec<&str> = gpt.partitions.iter().map(|p| p.label.as_str()).collect();
        if labels != LABELS {
            return Err(GptError::Labels(
                labels.into_iter().map(Into::into).collect(),
            ));
        }
        let ends = gpt
            .partitions
            .iter()
            .map(|p| p.start.saturating_add(p.length));
        let expected = ends.max().unwrap_or(0).max(gpt.length);
        let found = disk.metadata()?.len();
        if found < expected {
            return Err(GptError::Truncated { found, expected });
        }
        Ok(gpt)
    }

    /// The partition called `label`.
    #[must_use]
    pub fn partition(&self, label: &str) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| partition.label == label)
    }
}

fn partition(entry: &[u8]) -> Result<Partition, GptError> {
    let (first, last) = (u64_at(entry, 32), u64_at(entry, 40));
    if last < first {
        return Err(GptError::Corrupt("partition bounds"));
    }
    let units = entry[56..128]
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let name: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    Ok(Partition {
        label: String::from_utf16_lossy(&name),
        start: bytes(first)?,
        length: bytes(last - first)?.saturating_add(SECTOR),
    })
}

fn sectors(disk: &File, found: u64, at: u64, length: u64) -> Result<Vec<u8>, GptError> {
    if at.saturating_add(length) > found {
        return Err(GptError::Short(found));
    }
    let mut buffer = vec![0; length as usize];
    disk.read_exact_at(&mut buffer, at)?;
    Ok(buffer)
}

fn bytes(sector: u64) -> Result<u64, GptError> {
    sector
        .checked_mul(SECTOR)
        .ok_or(GptError::Corrupt("sector number"))
}

fn u32_at(buffer: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&buffer[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(buffer: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&buffer[at..at + 8]);
    u64::from_le_bytes(word)
}

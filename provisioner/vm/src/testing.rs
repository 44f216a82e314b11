//! A hand-made image with a tiny guest, for tests: it has a box's partition
//! table, says two lines a booting box says, and powers off when the power
//! button is pressed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::gpt::{LABELS, SECTOR};

/// Sectors of the partitions: first and count, in the order of [`LABELS`].
pub const PARTITIONS: [(u64, u64); 5] =
    [(64, 64), (128, 256), (384, 1024), (1408, 1024), (2432, 512)];

/// Sectors of the whole image.
pub const SECTORS: u64 = 4096;

/// The last line of the guest before it waits for the power button.
pub const GREETING: &str = "Welcome to the test guest";

/// What the guest says when the power button was pressed.
pub const GOODBYE: &str = "power button";

/// The guest, 16-bit code for 0x7c00: enables the power button in the ACPI
/// event register (port 0x602), prints its lines to COM1, waits for the
/// button's status (port 0x600), says goodbye, powers off (port 0x604).
#[rustfmt::skip]
const GUEST: [u8; 68] = [
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0xfc, 0xba, 0x02, 0x06, 0xb8, 0x00, 0x01,
    0xef, 0xbe, 0x44, 0x7c, 0xe8, 0x19, 0x00, 0xba, 0x00, 0x06, 0xed, 0xf6,
    0xc4, 0x01, 0x74, 0xf7, 0xbe, 0x87, 0x7c, 0xe8, 0x0a, 0x00, 0xba, 0x04,
    0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4, 0xeb, 0xfd, 0xac, 0x84, 0xc0, 0x74,
    0x12, 0x88, 0xc3, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb, 0x88,
    0xd8, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xe9, 0xc3,
];

/// Its texts, at 0x7c44 and 0x7c87.
const TEXTS: &[u8] = b"\r\nLinux version 0.0 of the test guest\r\n\
                       Welcome to the test guest\r\n\0power button\r\n\0";

/// A guest that says a boot loader's last line and then nothing any more, like
/// a kernel that hangs: 16-bit code that writes its boot sector to [`SPOT`] by
/// the BIOS (int 0x13), prints the first of its texts to COM1 if that worked,
/// else the second, and jumps to itself.
#[rustfmt::skip]
const STUCK: [u8; 58] = [
    0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xfc,
    0xbb, 0x00, 0x7c, 0xb8, 0x01, 0x03, 0xb9, 0x06, 0x00, 0xb6, 0x00, 0xcd,
    0x13, 0xbe, 0x3a, 0x7c, 0x73, 0x03, 0xbe, 0x56, 0x7c, 0xac, 0x84, 0xc0,
    0x74, 0x12, 0x88, 0xc3, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb,
    0x88, 0xd8, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xe9, 0xeb, 0xfe,
];

/// Its texts, at 0x7c3a and 0x7c56.
const STUCK_TEXTS: &[u8] = b"\r\nOnebox: starting slot A\r\n\0\r\nno write\r\n\0";

/// Sector of the partition table that is unused and that [`STUCK`] writes to.
pub const SPOT: u64 = 5;

/// Writes an image whose guest writes to [`SPOT`] and hangs.
///
/// # Errors
/// When the file can't be written.
pub fn write_stuck_image(path: &Path) -> io::Result<()> {
    write_image(path, 1)?;
    let sector = sector(&[&STUCK, STUCK_TEXTS]);
    File::options()
        .write(true)
        .open(path)?
        .write_all_at(&sector, 0)
}

/// Writes the image to `path`; every partition is filled with `fill`.
///
/// # Errors
/// When the file can't be written.
pub fn write_image(path: &Path, fill: u8) -> io::Result<()> {
    write_image_with(path, fill, &PARTITIONS)
}

/// The same with the partitions elsewhere.
///
/// # Errors
/// When the file can't be written.
pub fn write_image_with(path: &Path, fill: u8, partitions: &[(u64, u64); 5]) -> io::Result<()> {
    let file = File::create(path)?;
    file.set_len(SECTORS * SECTOR)?;
    file.write_all_at(&sector(&[&GUEST, TEXTS]), 0)?;
    let entries = entries(partitions);
    file.write_all_at(&header(&entries), SECTOR)?;
    file.write_all_at(&entries, 2 * SECTOR)?;
    for (first, count) in partitions {
        let content = vec![fill; (count * SECTOR) as usize];
        file.write_all_at(&content, first * SECTOR)?;
    }
    Ok(())
}

/// A boot sector of these parts.
fn sector(parts: &[&[u8]]) -> [u8; 512] {
    let mut sector = [0; 512];
    let code = parts.concat();
    sector[..code.len()].copy_from_slice(&code);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    sector
}

fn entries(partitions: &[(u64, u64); 5]) -> Vec<u8> {
    let mut entries = vec![0; 128 * 128];
    for (at, ((first, count), label)) in partitions.iter().zip(LABELS).enumerate() {
        let entry = &mut entries[at * 128..(at + 1) * 128];
        entry[..32].fill(at as u8 + 1);
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&(first + count - 1).to_le_bytes());
        for (place, unit) in entry[56..].chunks_exact_mut(2).zip(label.encode_utf16()) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
    }
    entries
}

fn header(entries: &[u8]) -> [u8; 512] {
    let mut header = [0; 512];
    header[..8].copy_from_slice(b"EFI PART");
    header[8..12].copy_from_slice(&0x0001_0000_u32.to_le_bytes());
    header[12..16].copy_from_slice(&92_u32.to_le_bytes());
    header[24..32].copy_from_slice(&1_u64.to_le_bytes());
    header[32..40].copy_from_slice(&(SECTORS - 1).to_le_bytes());
    header[40..48].copy_from_slice(&34_u64.to_le_bytes());
    header[48..56].copy_from_slice(&(SECTORS - 34).to_le_bytes());
    header[72..80].copy_from_slice(&2_u64.to_le_bytes());
    header[80..84].copy_from_slice(&128_u32.to_le_bytes());
    header[84..88].copy_from_slice(&128_u32.to_le_bytes());
    header[88..92].copy_from_slice(&crc32fast::hash(entries).to_le_bytes());
    let checksum = crc32fast::hash(&header[..92]);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    header
}

//! Which kind of file an image is, by its first bytes and never by its name.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Kinds of image files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The disk, byte by byte.
    Raw,
    /// QEMU's own format.
    Qcow2,
    /// A raw disk compressed by zstd.
    Zstd,
    /// A raw disk compressed by xz.
    Xz,
}

/// The format of `file`; `None` when it is none of them.
///
/// # Errors
/// When the file can't be read.
pub fn detect(file: &File) -> io::Result<Option<Format>> {
    let mut start = [0; 520];
    let mut filled = 0;
    while filled < start.len() {
        match file.read_at(&mut start[filled..], filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(match &start {
        start if start.starts_with(b"QFI\xfb") => Some(Format::Qcow2),
        start if start.starts_with(b"\x28\xb5\x2f\xfd") => Some(Format::Zstd),
        start if start.starts_with(b"\xfd7zXZ\0") => Some(Format::Xz),
        start if &start[512..] == b"EFI PART" => Some(Format::Raw),
        _ => None,
    })
}

//! SHA-256, of bytes and of files that do not fit memory.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256, digest};

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Size in bytes and SHA-256 of a file; `seen` is told how many bytes were read.
///
/// # Errors
/// When the file cannot be read.
pub fn file(path: &Path, mut seen: impl FnMut(u64)) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut piece = vec![0; PIECE];
    let mut size = 0;
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok((size, hex(context.finish().as_ref())));
        }
        context.update(piece.get(..count).unwrap_or_default());
        size += count as u64;
        seen(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_digest_of_its_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        // The test vector of FIPS 180-2.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), known);
        assert_eq!(file(&path, |_| {}).unwrap(), (3, known.to_owned()));
    }
}

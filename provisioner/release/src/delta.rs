//! How much of an image a box has already.
//!
//! The rule is that of RAUC's adaptive method `block-hash-index`: what is at a
//! multiple of 4 KiB in the new image and anywhere at a multiple of 4 KiB in the
//! old one is not downloaded.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

/// Bytes of a block.
pub const BLOCK: usize = 4096;

/// Two images compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// Blocks of the new image.
    pub blocks: u64,
    /// Those of them that the old one does not have.
    pub missing: u64,
    /// Blocks at the front that are the same in both: what comes first and did
    /// not change.
    pub front: u64,
}

impl Delta {
    /// Bytes that must be downloaded.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.missing * BLOCK as u64
    }

    /// Tenths of a percent of the new image that must be downloaded.
    #[must_use]
    pub fn permille(&self) -> u64 {
        (self.missing * 1000).checked_div(self.blocks).unwrap_or(0)
    }
}

type Hash = [u8; 32];

/// Compares two images.
///
/// # Errors
/// When one cannot be read.
pub fn between(old: &Path, new: &Path) -> io::Result<Delta> {
    let old = blocks(old)?;
    let new = blocks(new)?;
    let front = old.iter().zip(&new).take_while(|(old, new)| old == new);
    let front = front.count() as u64;
    let mut known: HashSet<Hash> = old.into_iter().collect();
    // RAUC makes blocks of zeros itself.
    known.insert(hash(&[0; BLOCK]));
    let missing = new.iter().filter(|hash| !known.contains(*hash)).count();
    Ok(Delta {
        blocks: new.len() as u64,
        missing: missing as u64,
        front,
    })
}

fn hash(block: &[u8]) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, block).as_ref());
    hash
}

fn blocks(path: &Path) -> io::Result<Vec<Hash>> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut hashes = Vec::new();
    loop {
        let mut block = Vec::with_capacity(BLOCK);
        file.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok(hashes);
        }
        hashes.push(hash(&block));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_wherever_they_moved_and_zeros_always() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, blocks: &[u8]| {
            let path = dir.path().join(name);
            let bytes: Vec<u8> = blocks.iter().flat_map(|byte| [*byte; BLOCK]).collect();
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let old = write("old", &[1, 2, 3]);
        let new = write("new", &[1, 3, 4, 0, 4]);
        let delta = between(&old, &new).unwrap();
        // Two blocks of one content: RAUC downloads the second from the first,
        // but only once it is written; they are counted as downloaded.
        let expected = Delta {
            blocks: 5,
            missing: 2,
            front: 1,
        };
        assert_eq!(delta, expected);
        assert_eq!((delta.bytes(), delta.permille()), (8192, 400));
        let empty = write("empty", &[]);
        assert_eq!(between(&old, &empty).unwrap().permille(), 0);
    }
}

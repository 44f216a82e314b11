//! Which image a disk was made from.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, IoContext, Result};

/// An image file: its digest, and what tells that it is still the same file,
/// so that a start does not read gigabytes to find that nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The file without links.
    pub path: PathBuf,
    /// SHA-256 of the file as given, in hexadecimal.
    pub sha256: String,
    stamp: Stamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// Identifies the file at `path`; `known` spares the reading when the file
    /// is the one it describes.
    ///
    /// # Errors
    /// When there is no such file or it can't be read.
    pub fn of(path: &Path, known: Option<&Self>) -> Result<Self> {
        let path = fs::canonicalize(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::NoImage(path.into()),
            _ => Error::Io {
                doing: "resolve",
                path: path.into(),
                source: error,
            },
        })?;
        let mut file = File::open(&path).at("open", &path)?;
        let meta = file.metadata().at("read", &path)?;
        if !meta.is_file() {
            return Err(Error::DamagedImage {
                path,
                detail: "it is not a file".into(),
            });
        }
        let stamp = Stamp {
            device: meta.dev(),
            inode: meta.ino(),
            length: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        };
        if let Some(known) = known.filter(|known| known.path == path && known.stamp == stamp) {
            return Ok(known.clone());
        }
        let sha256 = digest(&mut file).at("read", &path)?;
        Ok(Self {
            path,
            sha256,
            stamp,
        })
    }

    /// Whether both files have the same content.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.sha256 == other.sha256
    }
}

fn digest(file: &mut File) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_another_and_a_copy_has_the_same_content() {
        let temp = tempfile::tempdir().unwrap();
        let (one, two) = (temp.path().join("one"), temp.path().join("two"));
        fs::write(&one, "abc").unwrap();
        fs::write(&two, "abc").unwrap();
        let first = Identity::of(&one, None).unwrap();
        assert!(first.sha256.starts_with("ba7816bf"), "{}", first.sha256);
        assert!(first.same_content(&Identity::of(&two, Some(&first)).unwrap()));
        assert_eq!(Identity::of(&one, Some(&first)).unwrap(), first);
        fs::write(&one, "abd").unwrap();
        assert!(!first.same_content(&Identity::of(&one, Some(&first)).unwrap()));
    }

    #[test]
    fn a_missing_image_names_its_path() {
        let text = Identity::of(Path::new("/nowhere/x.raw"), None)
            .unwrap_err()
            .to_string();
        assert!(text.contains("/nowhere/x.raw"), "{text}");
    }
}

//! The part of a file that has arrived: on disk as `NAME.partial`, counted and
//! hashed as it grows.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::{files::FileError, store::path::hex};

/// The bytes so far: on disk, counted and hashed.
pub(crate) struct Partial {
    path: PathBuf,
    file: File,
    /// Bytes so far.
    pub(crate) len: u64,
    hasher: Sha256,
}

impl Partial {
    /// Takes up what an earlier run left, if it is not too much.
    pub(crate) fn open(
        target: &Path,
        size: u64,
        progress: &dyn Fn(i64),
    ) -> Result<Self, FileError> {
        let mut name = target.as_os_str().to_os_string();
        name.push(".partial");
        let path = PathBuf::from(name);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        let mut hasher = Sha256::new();
        let len = io::copy(&mut file, &mut hasher).map_err(FileError::at("read", &path))?;
        let mut partial = Self {
            path,
            file,
            len: 0,
            hasher,
        };
        if len > size {
            partial.clear(progress)?;
        } else {
            partial.len = len;
            progress(len as i64);
        }
        Ok(partial)
    }

    /// Adds bytes at the end.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file
            .write_all(bytes)
            .map_err(FileError::at("write", &self.path))?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// SHA-256, in hex, of the bytes so far.
    pub(crate) fn sha256(&self) -> String {
        hex(&self.hasher.clone().finalize())
    }

    /// Throws all bytes away.
    pub(crate) fn clear(&mut self, progress: &dyn Fn(i64)) -> Result<(), FileError> {
        self.file
            .set_len(0)
            .map_err(FileError::at("empty", &self.path))?;
        progress(-(self.len as i64));
        self.len = 0;
        self.hasher = Sha256::new();
        Ok(())
    }

    /// Gives the complete file its final name.
    pub(crate) fn finish(&self, target: &Path) -> Result<(), FileError> {
        fs::rename(&self.path, target).map_err(FileError::at("rename", &self.path))
    }

    /// Deletes the file after a verdict against it.
    pub(crate) fn remove(&self) {
        // It is empty by now; if it stays, the next run takes it up.
        let _ = fs::remove_file(&self.path);
    }
}

//! Image files, as built or downloaded, and the disk made from one.

pub mod format;
pub mod identity;
pub mod sparse;
mod unpack;

pub use format::Format;
pub use identity::Identity;

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext, Result};
use crate::gpt::{Gpt, GptError};
use crate::host;

/// Room the box needs beyond the image itself for its first boots.
const ROOM_TO_WORK: u64 = 512 << 20;

/// An image file whose format is known.
#[derive(Clone, Debug)]
pub struct Image {
    path: PathBuf,
    format: Format,
}

impl Image {
    /// Looks at the file at `path`.
    ///
    /// # Errors
    /// When there is no such file, it can't be read, or it is no image.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::NoImage(path.into()),
            std::io::ErrorKind::PermissionDenied => Error::Permission {
                doing: "read",
                path: path.into(),
            },
            _ => Error::Io {
                doing: "open",
                path: path.into(),
                source: error,
            },
        })?;
        let Some(format) = format::detect(&file).at("read", path)? else {
            let detail = "it is neither a disk nor a compressed disk".to_owned();
            return Err(Error::DamagedImage {
                path: path.into(),
                detail,
            });
        };
        Ok(Self {
            path: path.into(),
            format,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Bytes of disk space that unpacking takes, roughly: slots are compressed
    /// already, so a compressed image does not become much more than twice as
    /// much.
    fn unpacked_estimate(&self) -> Result<u64> {
        let meta = std::fs::metadata(&self.path).at("read", &self.path)?;
        Ok(match self.format {
            Format::Raw => meta.blocks() * 512,
            Format::Qcow2 | Format::Zstd | Format::Xz => 2 * meta.len(),
        })
    }

    /// Writes the raw disk to `target`, sparse, and checks it. On failure
    /// nothing is left there.
    ///
    /// # Errors
    /// When there is too little room, or the image is damaged.
    pub fn unpack(&self, target: &Path) -> Result<Gpt> {
        let dir = target.parent().unwrap_or(Path::new("."));
        let needed = self.unpacked_estimate()? + ROOM_TO_WORK;
        host::check_space(dir, needed)?;
        let unpacked = unpack::to(self, target, needed).and_then(|()| self.check(target));
        if unpacked.is_err() {
            // The first error matters more than a left-over file.
            let _ = std::fs::remove_file(target);
        }
        unpacked
    }

    fn check(&self, disk: &Path) -> Result<Gpt> {
        let file = File::open(disk).at("open", disk)?;
        Gpt::read_box(&file).map_err(|error| self.damaged(&error))
    }

    fn damaged(&self, error: &GptError) -> Error {
        Error::DamagedImage {
            path: self.path.clone(),
            detail: error.to_string(),
        }
    }
}

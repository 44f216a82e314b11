//! The files of the two copies, and how they are written: in place, whole
//! sectors, each on the disk before the next one is begun.
//!
//! A file that is renamed over another would cost a FAT directory and table
//! sectors, which exist once; in place only the file's own sector is at stake.

use super::block;
use super::error::BootError;
use aws_lc_rs::digest::{SHA256, digest};
use rustix::fs::{FlockOperation, flock};
use std::fmt::{self, Debug};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// One of the two copies. GRUB takes the first one when that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Copy {
    /// Written first and read first.
    First,
    /// What is left while the first one is being written.
    Second,
}

impl Copy {
    /// Both, in the order of writing and reading.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// Its directory's name.
    #[must_use]
    pub const fn directory(self) -> &'static str {
        match self {
            Self::First => "boot-1",
            Self::Second => "boot-2",
        }
    }
}

impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.directory())
    }
}

/// A file of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The state.
    State,
    /// Its checksum.
    Sum,
    /// The starts that were counted; GRUB writes it too.
    Tries,
}

impl Part {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::State => "state.env",
            Self::Sum => "state.sum",
            Self::Tries => "tries.env",
        }
    }
}

/// The line that GRUB's `hashsum --check` reads.
pub(super) fn sum(state: &[u8]) -> Vec<u8> {
    let digest = digest(&SHA256, state);
    let mut line = String::new();
    for byte in digest.as_ref() {
        line.push_str(&format!("{byte:02x}"));
    }
    line.push_str("  state.env\n");
    line.into_bytes()
}

/// What holds the files.
pub(super) trait Medium: Debug + Send + Sync {
    /// A file's bytes; `None` when there is no such file.
    fn read(&self, copy: Copy, part: Part) -> Result<Option<Vec<u8>>, BootError>;

    /// Puts bytes over a file's, and returns when they last.
    fn write(&self, copy: Copy, part: Part, bytes: &[u8]) -> Result<(), BootError>;

    /// Keeps other processes from changing the state for as long as it is held.
    fn lock(&self) -> Result<Option<File>, BootError>;
}

/// A directory of the EFI system partition.
#[derive(Clone, Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn path(&self, copy: Copy, part: Part) -> PathBuf {
        self.0.join(copy.directory()).join(part.name())
    }

    /// A file that is not there has lost its directory entry; there is nothing
    /// left that could be torn.
    fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let directory = path.parent().unwrap_or(path);
        fs::create_dir_all(directory)?;
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        File::open(directory)?.sync_all()
    }

    fn overwrite(mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)?;
        // Nothing is done where it has its length already.
        let length = bytes.len() as u64;
        if file.metadata()?.len() != length {
            file.set_len(length)?;
            file.sync_all()?;
        }
        file.sync_data()
    }
}

impl Medium for Directory {
    fn read(&self, copy: Copy, part: Part) -> Result<Option<Vec<u8>>, BootError> {
        let path = self.path(copy, part);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            // What can't be read is as good as damaged, for GRUB too; when all
            // of the partition can't, the lock has failed before.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed("read", path)(source)),
        }
    }

    fn write(&self, copy: Copy, part: Part, bytes: &[u8]) -> Result<(), BootError> {
        let path = self.path(copy, part);
        let written = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => Self::overwrite(&file, bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(&path, bytes),
            Err(error) => Err(error),
        };
        written.map_err(failed("write", path))
    }

    fn lock(&self) -> Result<Option<File>, BootError> {
        let directory = File::open(&self.0).map_err(failed("open", self.0.clone()))?;
        flock(&directory, FlockOperation::LockExclusive)
            .map_err(|error| failed("lock", self.0.clone())(error.into()))?;
        Ok(Some(directory))
    }
}

fn failed(what: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> BootError {
    move |source| BootError::Io { what, path, source }
}

/// What `tries.env` says: the count, if it was counted under this nonce.
pub(super) fn tries(bytes: &[u8], nonce: &str) -> u8 {
    let variables = block::decode(bytes).unwrap_or_default();
    let count = block::value(&variables, "tries")
        .and_then(|tries| tries.strip_prefix(nonce)?.strip_prefix(':'));
    match count.map(str::as_bytes) {
        Some([digit @ b'0'..=b'6']) => digit - b'0',
        _ => 0,
    }
}

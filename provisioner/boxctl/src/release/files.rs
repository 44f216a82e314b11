//! Files that are there whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::trouble::{At as _, Trouble};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Everybody.
    All,
    /// Its owner: it is a private key.
    Owner,
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// Flushes a directory, so that a renamed file is there after a power cut.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Writes a file beside its place and renames it.
pub(super) fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Trouble> {
    let new = beside(path);
    let mode = match readers {
        Readers::All => 0o644,
        Readers::Owner => 0o600,
    };
    let written = (|| {
        // What an interrupted run left would keep its mode.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        sync_parent(path)
    })();
    written.at("write", path)
}

/// Copies a file beside its place and renames it.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Trouble> {
    let new = beside(to);
    let copied = (|| {
        let mut source = File::open(from)?;
        let mut file = File::create(&new)?;
        io::copy(&mut source, &mut file)?;
        file.sync_all()?;
        fs::rename(&new, to)?;
        sync_parent(to)
    })();
    copied.at("copy", from)
}

/// Makes a directory; one for keys is for its owner only.
pub(super) fn directory(path: &Path, readers: Readers) -> Result<(), Trouble> {
    let mode = match readers {
        Readers::All => 0o755,
        Readers::Owner => 0o700,
    };
    let mut builder = DirBuilder::new();
    builder
        .recursive(true)
        .mode(mode)
        .create(path)
        .at("make the directory", path)
}

/// Reads a text.
pub(super) fn text(path: &Path) -> Result<String, Trouble> {
    fs::read_to_string(path).at("read", path)
}

/// Reads bytes.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Trouble> {
    fs::read(path).at("read", path)
}

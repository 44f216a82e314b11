//! Making the file of keys, and adding a key to one.

use super::sealer::{KeyringError, new_key};
use crate::random::NoRandomness;
use onebox_model::{KeyFileError, SealKeyId, seal_keys};
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file of keys was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is one.
    #[error("{} is there already: --add puts a new key at its end", .0.display())]
    There(PathBuf),
    /// What is there cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// What is there is damaged.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The system refused.
    #[error("cannot write {}: {source}", file.display())]
    System {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Makes a file with one key, for its owner only.
///
/// # Errors
/// When there is a file, or it cannot be written.
pub fn create(file: &Path) -> Result<SealKeyId, WriteError> {
    let key = new_key()?;
    match write(file, &seal_keys::new_file(&key), None) {
        Ok(()) => Ok(key.id()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(WriteError::There(file.to_owned()))
        }
        Err(source) => Err(system(file)(source)),
    }
}

/// Puts a new key at the end of a file. The file is replaced whole, so that a
/// reader never sees half a line; owner and mode stay.
///
/// # Errors
/// When the file cannot be used, or not be written.
pub fn add(file: &Path) -> Result<SealKeyId, WriteError> {
    let old = match std::fs::read_to_string(file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyringError::Missing(file.to_owned()).into());
        }
        Err(source) => return Err(system(file)(source)),
    };
    seal_keys::parse(&old, file)?;
    let key = new_key()?;
    let line = key.line();
    let mut text = Zeroizing::new(String::with_capacity(old.len() + line.len() + 1));
    text.push_str(&old);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&line);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new = file.with_file_name(format!(".{name}.new"));
    let replace = || {
        // Left by a run that was cut off.
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        write(&new, &text, Some(file))?;
        std::fs::rename(&new, file)?;
        sync_parent(file)
    };
    replace().map_err(system(file))?;
    Ok(key.id())
}

fn write(file: &Path, text: &str, like: Option<&Path>) -> io::Result<()> {
    let mut options = File::options();
    let mut opened = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    opened.write_all(text.as_bytes())?;
    if let Some(like) = like {
        let is = std::fs::metadata(like)?;
        fchown(&opened, Some(is.uid()), Some(is.gid()))?;
        opened.set_permissions(Permissions::from_mode(is.mode() & 0o7777))?;
    }
    opened.sync_all()?;
    sync_parent(file)
}

fn sync_parent(file: &Path) -> io::Result<()> {
    let parent = file.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn system(file: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let file = file.to_owned();
    move |source| WriteError::System { file, source }
}

#[cfg(test)]
mod tests {
    use super::super::Sealer;
    use super::*;

    #[test]
    fn a_file_is_made_once_and_grows_by_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys");
        assert!(matches!(
            add(&file),
            Err(WriteError::Keys(KeyringError::Missing(_)))
        ));
        let one = create(&file).unwrap();
        let mode = |file: &Path| std::fs::metadata(file).unwrap().mode() & 0o7777;
        assert_eq!(mode(&file), 0o600);
        assert!(matches!(create(&file), Err(WriteError::There(_))));
        assert_eq!(Sealer::from_file(&file).unwrap().newest(), one);
        std::fs::set_permissions(&file, Permissions::from_mode(0o440)).unwrap();
        let other = add(&file).unwrap();
        assert_eq!(mode(&file), 0o440);
        let both = Sealer::from_file(&file).unwrap();
        assert!(both.newest() == other && both.has(one));
        let names = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(names, 1, "nothing is left over");
    }

    #[test]
    fn nothing_is_added_to_a_file_that_is_no_use() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys");
        std::fs::write(&file, "gibberish\n").unwrap();
        assert!(matches!(add(&file), Err(WriteError::File(_))));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "gibberish\n");
    }
}

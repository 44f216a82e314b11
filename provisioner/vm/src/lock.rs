//! Who holds what: the short lock of a command on a state directory, and the
//! lock QEMU keeps on its pid file for as long as it lives.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::Path;

use rustix::fs::{FlockOperation, fcntl_lock, flock};
use rustix::io::Errno;

use crate::error::{Error, IoContext, Result};

/// Keeps other commands off a state directory while it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock of the state directory `dir`, whose lock file is `path`.
///
/// # Errors
/// [`Error::Busy`] when another command has it.
pub fn take(dir: &Path, path: &Path) -> Result<Lock> {
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .at("open", path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock { _file: file }),
        Err(Errno::WOULDBLOCK) => Err(Error::Busy(dir.into())),
        Err(error) => Err(std::io::Error::from(error)).at("lock", path),
    }
}

/// The process that holds the pid file at `path`, if it lives.
///
/// QEMU keeps a POSIX lock on its pid file, so a stale file or a recycled
/// process number can't be mistaken for a running machine.
///
/// # Errors
/// When the file is there and can't be read.
pub fn holder(path: &Path) -> Result<Option<u32>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).at("open", path),
    };
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(None),
        Err(Errno::AGAIN | Errno::ACCESS) => {
            let text = contents(&mut file).at("read", path)?;
            Ok(text.trim().parse().ok())
        }
        Err(error) => Err(std::io::Error::from(error)).at("test the lock of", path),
    }
}

/// What the file that is open holds. Not read by its name: QEMU unlinks its pid
/// file shortly before it gives up the lock, so the name may be gone by now.
fn contents(file: &mut File) -> std::io::Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_second_command_is_told_to_wait() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("lock");
        let first = take(temp.path(), &path).unwrap();
        assert!(matches!(take(temp.path(), &path), Err(Error::Busy(_))));
        drop(first);
        assert!(take(temp.path(), &path).is_ok());
    }

    #[test]
    fn a_pid_file_nobody_holds_means_nobody_runs() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("qemu.pid");
        assert_eq!(holder(&path).unwrap(), None);
        fs::write(&path, format!("{}\n", std::process::id())).unwrap();
        assert_eq!(holder(&path).unwrap(), None);
    }

    #[test]
    fn a_pid_file_that_is_unlinked_while_it_is_looked_at_is_still_read() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("qemu.pid");
        fs::write(&path, "4711\n").unwrap();
        let mut file = File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(contents(&mut file).unwrap(), "4711\n");
    }
}

//! What this machine can carry: memory and disk space.

use std::fs;
use std::path::Path;

use crate::error::{Error, IoContext, Result};

/// Memory that must stay free for QEMU itself and everyone else.
const SPARE_MIB: u64 = 128;

/// Fails when fewer than `wanted_mib` MiB are available.
///
/// # Errors
/// [`Error::Memory`], or when `/proc/meminfo` can't be read.
pub fn check_memory(wanted_mib: u64) -> Result<()> {
    let path = Path::new("/proc/meminfo");
    let text = fs::read_to_string(path).at("read", path)?;
    match available_mib(&text) {
        Some(available_mib) if available_mib < wanted_mib + SPARE_MIB => Err(Error::Memory {
            wanted_mib,
            available_mib,
        }),
        _ => Ok(()),
    }
}

/// `MemAvailable` of a `/proc/meminfo` text, in MiB.
fn available_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

/// Room on a file system, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// What this user may still write.
    pub free: u64,
    /// The file system's size.
    pub total: u64,
}

/// Room where `dir` is.
///
/// # Errors
/// When the file system can't be asked.
pub fn space(dir: &Path) -> Result<Space> {
    let stat = rustix::fs::statvfs(dir)
        .map_err(std::io::Error::from)
        .at("measure", dir)?;
    Ok(Space {
        free: stat.f_bavail * stat.f_frsize,
        total: stat.f_blocks * stat.f_frsize,
    })
}

/// Fails when `dir` has less than `needed` bytes of room.
///
/// # Errors
/// [`Error::DiskSpace`], or when the file system can't be asked.
pub fn check_space(dir: &Path, needed: u64) -> Result<()> {
    let free = space(dir)?.free;
    if free < needed {
        return Err(Error::DiskSpace {
            dir: dir.into(),
            needed,
            free,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_in_mib() {
        let text = "MemTotal:       24682124 kB\nMemAvailable:   2097152 kB\n";
        assert_eq!(available_mib(text), Some(2048));
        assert_eq!(available_mib("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn more_memory_than_any_machine_has_is_refused() {
        let text = check_memory(1 << 40).unwrap_err().to_string();
        assert!(text.contains("--memory"), "{text}");
    }

    #[test]
    fn more_space_than_any_disk_has_is_refused() {
        let text = check_space(Path::new("/"), u64::MAX)
            .unwrap_err()
            .to_string();
        assert!(text.contains("not enough disk space in /"), "{text}");
        assert!(check_space(Path::new("/"), 1).is_ok());
    }
}

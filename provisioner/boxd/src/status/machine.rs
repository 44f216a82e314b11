//! What the kernel says of the machine.

use onebox_api::status::{DiskUse, Memory};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file of the kernel's cannot be read or says something unexpected.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// Cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file system cannot be asked.
    #[error("cannot ask how full {} is: {source}", path.display())]
    Statvfs {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: rustix::io::Errno,
    },
}

/// How full the file system of a directory is (statvfs(3)).
///
/// # Errors
/// When it cannot be asked.
pub fn disk_use(path: &Path) -> Result<DiskUse, MachineError> {
    let is = rustix::fs::statvfs(path).map_err(|source| MachineError::Statvfs {
        path: path.to_owned(),
        source,
    })?;
    Ok(DiskUse {
        path: path.display().to_string(),
        total_bytes: is.f_blocks * is.f_frsize,
        free_bytes: is.f_bavail * is.f_frsize,
        total_inodes: is.f_files,
        free_inodes: is.f_favail,
    })
}

/// Memory and what was ended for want of it (proc_meminfo(5), proc_vmstat(5)).
///
/// # Errors
/// When the kernel's files cannot be read.
pub fn memory() -> Result<Memory, MachineError> {
    let meminfo = read("/proc/meminfo")?;
    let vmstat = read("/proc/vmstat")?;
    Ok(parse_memory(&meminfo, &vmstat))
}

fn parse_memory(meminfo: &str, vmstat: &str) -> Memory {
    let kib = |name: &str| field(meminfo, name).unwrap_or(0) * 1024;
    Memory {
        total_bytes: kib("MemTotal:"),
        available_bytes: kib("MemAvailable:"),
        swap_total_bytes: kib("SwapTotal:"),
        swap_free_bytes: kib("SwapFree:"),
        oom_kills: field(vmstat, "oom_kill").unwrap_or(0),
    }
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Load averages over 1, 5 and 15 minutes (proc_loadavg(5)); zeros when
/// the kernel does not say.
#[must_use]
pub fn load() -> [f64; 3] {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut parts = text
        .split_whitespace()
        .map(|part| part.parse().unwrap_or(0.0));
    [(); 3].map(|()| parts.next().unwrap_or(0.0))
}

/// Seconds since the kernel started (proc_uptime(5)).
#[must_use]
pub fn uptime_seconds() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    text.split('.')
        .next()
        .and_then(|whole| whole.parse().ok())
        .unwrap_or(0)
}

fn read(path: &str) -> Result<String, MachineError> {
    fs::read_to_string(path).map_err(|source| MachineError::Read {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_understood() {
        let meminfo = "MemTotal:        1014488 kB\nMemFree: 1 kB\nMemAvailable:     700000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n";
        let vmstat = "nr_free_pages 8\noom_kill 2\n";
        let memory = parse_memory(meminfo, vmstat);
        assert_eq!(memory.total_bytes, 1_014_488 * 1024);
        assert_eq!(memory.available_bytes, 700_000 * 1024);
        assert_eq!(memory.oom_kills, 2);
    }

    #[test]
    fn this_machine_answers() {
        assert!(memory().unwrap().total_bytes > 0);
        assert!(disk_use(Path::new("/")).unwrap().total_bytes > 0);
        assert!(uptime_seconds() > 0);
    }
}

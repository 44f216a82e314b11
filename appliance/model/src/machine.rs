//! What the machine has: memory and cores.

use std::path::Path;

/// One mebibyte.
pub const MIB: u64 = 1024 * 1024;

/// Memory and cores of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Usable memory (`MemTotal`: what the kernel left after itself).
    pub memory_bytes: u64,
    /// Cores this process may run on.
    pub cores: u32,
}

/// The machine could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// `/proc/meminfo` cannot be read.
    #[error("cannot read {path} to learn the machine's memory: {source}; is /proc mounted?")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// `/proc/meminfo` has no usable `MemTotal`.
    #[error("{path} has no line `MemTotal: <number> kB`; is it the kernel's?")]
    Format {
        /// The file.
        path: String,
    },
}

impl Machine {
    /// Measures the machine this runs on.
    ///
    /// # Errors
    /// When `/proc/meminfo` is not what the kernel writes.
    pub fn detect() -> Result<Self, MachineError> {
        let cores = std::thread::available_parallelism()
            .ok()
            .and_then(|cores| u32::try_from(cores.get()).ok())
            .unwrap_or(1);
        Ok(Self {
            memory_bytes: memory_from(Path::new("/proc/meminfo"))?,
            cores,
        })
    }

    /// A machine with so many mebibytes and cores.
    #[must_use]
    pub const fn of(memory_mib: u64, cores: u32) -> Self {
        Self {
            memory_bytes: memory_mib * MIB,
            cores,
        }
    }
}

fn memory_from(path: &Path) -> Result<u64, MachineError> {
    let shown = || path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| MachineError::Read {
        path: shown(),
        source,
    })?;
    mem_total(&text).ok_or_else(|| MachineError::Format { path: shown() })
}

fn mem_total(meminfo: &str) -> Option<u64> {
    let rest = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    (kib > 0).then(|| kib.checked_mul(1024))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_measured() {
        let machine = Machine::detect().unwrap();
        assert!(machine.memory_bytes > 64 * MIB);
        assert!(machine.cores >= 1);
    }

    #[test]
    fn mem_total_is_read_among_other_lines() {
        let text = "MemFree: 1 kB\nMemTotal:         999424 kB\nMemAvailable: 2 kB\n";
        assert_eq!(mem_total(text), Some(999_424 * 1024));
    }

    #[test]
    fn damaged_meminfo_is_refused() {
        for text in [
            "",
            "MemTotal:",
            "MemTotal: x kB",
            "MemTotal: 0 kB",
            "MemTotal: 7",
        ] {
            assert_eq!(mem_total(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = memory_from(Path::new("/nonexistent/meminfo")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/meminfo"));
    }
}

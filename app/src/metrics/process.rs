//! What the kernel says about this process (proc(5)).

use std::fs;

/// Ticks a second in `/proc`: a constant of the kernel's interface on the
/// machines we build for.
const TICKS: f64 = 100.0;
/// Bytes of a page there.
const PAGE: i64 = 4096;

/// The process at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Process {
    /// Processor time, in seconds.
    pub(super) cpu: f64,
    /// Resident memory, in bytes.
    pub(super) memory: i64,
    /// Open descriptors.
    pub(super) descriptors: i64,
    /// Threads.
    pub(super) threads: i64,
}

impl Process {
    /// Of this process; zeros where the system does not say.
    pub(super) fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self {
            descriptors: i64::try_from(open).unwrap_or(i64::MAX),
            ..Self::parse(&stat)
        }
    }

    fn parse(stat: &str) -> Self {
        // The name before it may hold blanks and parentheses.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |at: usize| -> i64 {
            let field = fields.get(at).copied().unwrap_or_default();
            field.parse().unwrap_or_default()
        };
        // Fields 14, 15, 20 and 24 of the manual, of which three are gone.
        let ticks = i32::try_from(number(11) + number(12)).unwrap_or(i32::MAX);
        Self {
            cpu: f64::from(ticks) / TICKS,
            threads: number(17),
            memory: number(21) * PAGE,
            descriptors: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 99 1000 25 18446744";
        let process = Process::parse(stat);
        assert_eq!((process.cpu, process.threads), (3.0, 3));
        assert_eq!(process.memory, 25 * 4096);
        assert_eq!(Process::parse(""), Process::default());
    }

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let process = Process::now();
        assert!(process.memory > 100_000 && process.descriptors > 2 && process.threads > 0);
    }
}

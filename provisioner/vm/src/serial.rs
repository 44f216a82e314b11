//! The box's serial log: waiting for a pattern, the last lines, and how far a
//! boot has come.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, IoContext, Result};

/// How far a boot has come, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// BIOS or UEFI and the boot loader.
    Firmware,
    /// The kernel and its initrd.
    Kernel,
    /// systemd and what it starts.
    Userspace,
    /// The box's own services.
    Services,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Firmware => "firmware",
            Self::Kernel => "kernel",
            Self::Userspace => "userspace",
            Self::Services => "services",
        })
    }
}

/// What a boot writes when it reaches a phase, the furthest first: systemd's
/// line about the database, its welcome, the boot loader's last line.
const SIGNS: [(Phase, &[&str]); 3] = [
    (Phase::Services, &["postgresql", " login:"]),
    (Phase::Userspace, &["systemd[1]:", "Welcome to"]),
    (Phase::Kernel, &["Onebox: starting slot", "Linux version"]),
];

/// The phase a serial log shows.
#[must_use]
pub fn phase(log: &str) -> Phase {
    let seen = |signs: &[&str]| signs.iter().any(|sign| log.contains(sign));
    SIGNS
        .iter()
        .find(|(_, signs)| seen(signs))
        .map_or(Phase::Firmware, |(phase, _)| *phase)
}

/// A serial log file that QEMU writes.
#[derive(Clone, Debug)]
pub struct Serial {
    path: PathBuf,
}

impl Serial {
    /// The log at `path`. It may not exist yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything logged so far; nothing when the file is not there yet.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self) -> Result<String> {
        self.read_from(0)
    }

    /// What was logged from byte `start` on.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read_from(&self, start: u64) -> Result<String> {
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            other => other.at("read", &self.path)?,
        };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start)).at("read", &self.path)?;
        file.read_to_end(&mut bytes).at("read", &self.path)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The last `count` lines, without the escape sequences of a terminal.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn tail(&self, count: usize) -> Result<Vec<String>> {
        let text = self.read()?;
        let lines: Vec<String> = text
            .split('\n')
            .map(plain)
            .filter(|line| !line.trim().is_empty() && !is_animation(line))
            .collect();
        Ok(lines[lines.len().saturating_sub(count)..].to_vec())
    }

    /// Waits until `pattern` is in the log.
    ///
    /// # Errors
    /// [`Error::Timeout`] when it is not there after `limit`.
    pub fn wait_for(&self, pattern: &str, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            if self.read()?.contains(pattern) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let what = format!("“{pattern}” on the serial line ({})", self.path.display());
                return Err(Error::Timeout { what, limit });
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// systemd's moving asterisks while it waits for a job: `[ ***  ] (1 of 2) Job …`.
fn is_animation(line: &str) -> bool {
    line.split_once("] (")
        .is_some_and(|(bar, job)| bar.contains('*') && job.contains(") Job "))
}

/// A line without control characters and escape sequences (`ESC [ … letter`).
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => {
                if chars.next() == Some('[') {
                    // Parameters, then one letter that ends the sequence.
                    let _ = chars.find(|char| ('@'..='~').contains(char));
                }
            }
            '\t' => out.push(' '),
            char if char.is_control() => {}
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(content: &str) -> (tempfile::TempDir, Serial) {
        let temp = tempfile::tempdir().unwrap();
        let serial = Serial::new(temp.path().join("serial.log"));
        std::fs::write(serial.path(), content).unwrap();
        (temp, serial)
    }

    #[test]
    fn the_furthest_sign_decides_the_phase() {
        assert_eq!(phase("SeaBIOS"), Phase::Firmware);
        assert_eq!(phase("[0.0] Linux version 6.12"), Phase::Kernel);
        assert_eq!(
            phase("Linux version 6.12\nWelcome to Onebox"),
            Phase::Userspace
        );
        assert_eq!(
            phase("Linux version\nWelcome\nonebox login: "),
            Phase::Services
        );
        assert!(Phase::Services > Phase::Firmware);
    }

    #[test]
    fn the_tail_is_readable_text() {
        let (_temp, serial) = log(
            "[ ***  ] (1 of 2) Job x.service/start running\none\r\n\r\n\u{1b}[0;32m[  OK  ]\u{1b}[0m two\r\nthree",
        );
        assert_eq!(serial.tail(2).unwrap(), ["[  OK  ] two", "three"]);
        assert_eq!(serial.tail(9).unwrap().len(), 3);
    }

    #[test]
    fn waiting_ends_with_the_pattern_or_the_deadline() {
        let (_temp, serial) = log("ready\n");
        serial.wait_for("ready", Duration::ZERO).unwrap();
        let error = serial
            .wait_for("never", Duration::from_millis(1))
            .unwrap_err();
        assert!(error.to_string().contains("never"), "{error}");
        assert_eq!(Serial::new("/nowhere/log".into()).read().unwrap(), "");
    }
}

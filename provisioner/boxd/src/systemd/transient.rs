//! Units made for one run of a program (systemd-run(1)).

use std::time::Duration;

/// A program to run in a unit of its own, with nothing but what is said here.
#[derive(Clone, Debug)]
pub struct Transient {
    /// Its unit, ending in `.service`; must not be running.
    pub unit: String,
    /// What it is for, for those who look.
    pub description: String,
    /// The program, with its whole path, and its arguments. No secrets: anybody
    /// may read them.
    pub command: Vec<String>,
    /// The account it runs as.
    pub user: String,
    /// When it is ended.
    pub limit: Duration,
    /// Where it may write, besides a private /tmp.
    pub writable: Vec<String>,
    /// A file that gets what it says, written anew; the journal when left out.
    pub output: Option<String>,
    /// It may read every file whoever owns it (`CAP_DAC_READ_SEARCH`).
    pub reads_all: bool,
    /// Gives way to everything else that wants processor or disk.
    pub gives_way: bool,
    /// The most bytes a second it may read from the disk; 0 for no limit.
    pub bytes_per_second: u64,
}

impl Default for Transient {
    /// Root's, without a program and with a minute to do it.
    fn default() -> Self {
        Self {
            unit: String::new(),
            description: String::new(),
            command: Vec::new(),
            user: "root".to_owned(),
            limit: Duration::from_secs(60),
            writable: Vec::new(),
            output: None,
            reads_all: false,
            gives_way: false,
            bytes_per_second: 0,
        }
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `success`, `exit-code`, `signal`, `timeout`, `oom-kill`, …
    pub result: String,
    /// Exit status, or the signal's number.
    pub status: i32,
}

impl Ended {
    /// Whether it did what it should.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.result == "success"
    }
}

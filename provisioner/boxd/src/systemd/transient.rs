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

//! What the process says to and hears from systemd. Outside systemd all of it
//! does nothing. This is the one place that reads systemd's variables.

pub mod activation;
pub mod notify;
pub mod watchdog;

/// Whether the log is read by the journal, which adds times itself.
#[must_use]
pub fn under_journal() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

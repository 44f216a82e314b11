//! What the process says to and hears from systemd. Outside systemd all of it
//! does nothing. This is the one place that reads systemd's variables.

pub mod activation;
pub mod notify;
pub mod watchdog;

use onebox_model::Credentials;

/// Whether the log is read by the journal, which adds times itself.
#[must_use]
pub fn under_journal() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

/// Where systemd put this service's secrets (`LoadCredential=`).
#[must_use]
pub fn credentials() -> Credentials {
    std::env::var_os("CREDENTIALS_DIRECTORY").map_or_else(Credentials::default, Credentials::at)
}

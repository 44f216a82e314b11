//! Keys that may log in as root until the next boot.

use crate::config::{Config, PublicKey};
use std::fmt::Write as _;

/// Keys of the operator's file, then those handed over at boot, each once.
pub(super) fn authorized_keys(config: &Config, boot_keys: &[PublicKey]) -> String {
    let mut text = String::new();
    let mut seen = Vec::new();
    for key in config.ssh.keys().chain(boot_keys.iter().cloned()) {
        if !seen.contains(&key) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{key}");
            seen.push(key);
        }
    }
    text
}

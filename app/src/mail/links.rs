//! Addresses that mail leads to.

use onebox_model::Config;

/// What the world calls this box: its first domain.
#[must_use]
pub fn host(config: &Config) -> &str {
    config
        .web
        .domains
        .first()
        .map_or("localhost", String::as_str)
}

/// An address on this box; `path` begins with a slash.
#[must_use]
pub fn to(config: &Config, path: &str) -> String {
    format!("https://{}{path}", host(config))
}

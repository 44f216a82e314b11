//! `[time]`: the clock on the wall.

use crate::config::error::Finding;
use serde::{Deserialize, Serialize};

/// Time zone of times shown to people and of the days of reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Time {
    /// Name in the time zone database.
    pub zone: String,
}

impl Default for Time {
    fn default() -> Self {
        Self {
            zone: "UTC".to_owned(),
        }
    }
}

impl Time {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        if has_zone_form(&self.zone) {
            return Vec::new();
        }
        vec![Finding::new(
            "time.zone",
            &self.zone,
            "this is not the name of a time zone",
            r#"write a name such as "UTC" or "Europe/Luxembourg""#,
        )]
    }
}

/// Form only: whether the zone exists is known where the zone database is.
/// A name becomes part of a path there, hence no dots and no leading slash.
fn has_zone_form(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    name == "UTC" || (name.contains('/') && name.len() <= 64 && name.split('/').all(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_of_the_database_pass() {
        for name in [
            "UTC",
            "Europe/Luxembourg",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+5",
            "America/Port-au-Prince",
        ] {
            assert!(has_zone_form(name), "{name}");
        }
    }

    #[test]
    fn paths_and_abbreviations_are_refused() {
        for name in [
            "",
            "CEST",
            "/etc/passwd",
            "../../etc/passwd",
            "Europe/",
            "Europe/..",
            "a b/c",
        ] {
            assert!(!has_zone_form(name), "{name}");
        }
    }
}

//! `[sentry]`: where errors are reported.

use crate::config::error::Finding;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// Sentry, or a server that speaks its protocol. Off without a DSN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sentry {
    /// The project's address, with its key.
    pub dsn: Option<Secret>,
    /// Which installation this is.
    pub environment: String,
    /// Of a hundred requests and jobs, how many are reported with their times.
    pub trace_percent: u32,
}

impl Default for Sentry {
    fn default() -> Self {
        Self {
            dsn: None,
            environment: "production".to_owned(),
            trace_percent: 1,
        }
    }
}

impl Sentry {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(1..=64).contains(&self.environment.len()) || !self.environment.chars().all(letters) {
            found.push(Finding::new(
                "sentry.environment",
                &self.environment,
                "an environment has 1 to 64 letters, digits, dots or hyphens",
                r#"write a word such as "production""#,
            ));
        }
        if self.trace_percent > 100 {
            found.push(Finding {
                key: "sentry.trace_percent".to_owned(),
                value: Some(self.trace_percent.to_string()),
                why: "there are only a hundred in a hundred".to_owned(),
                fix: "write a whole number from 0 to 100".to_owned(),
            });
        }
        found
    }
}

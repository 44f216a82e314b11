//! `[log]`: how much is logged.

use serde::{Deserialize, Serialize};

/// Logging of the application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Least severity that is logged.
    pub level: Level,
    /// Which requests have a line of their own.
    pub access: Access,
}

/// Which requests are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// None.
    Off,
    /// Those that failed by our fault or took more than a second.
    #[default]
    Problems,
    /// Every one.
    All,
}

/// Severity of a log record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is likely to fail.
    Warn,
    /// What an operator wants to see.
    #[default]
    Info,
    /// What a developer wants to see.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The name in the operator's file and in log filters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

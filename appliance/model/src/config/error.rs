//! Errors of the operator's file, written for the operator.

use super::shown;
use serde::{Serialize, Serializer};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file exists and cannot be read.
    #[error("cannot read {}: {source}; check that it is a file this account may read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML.
    #[error(
        "{origin}: not valid TOML: {detail}; fix this line, nothing of the file is used before"
    )]
    Syntax {
        /// File and line.
        origin: Origin,
        /// What the parser said.
        detail: String,
    },
    /// Keys or values that are not allowed, all that were found.
    #[error("{}", lines(problems))]
    Invalid {
        /// One for each key.
        problems: Vec<Problem>,
    },
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The operator's file, with the line where it is known.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: Option<usize>,
    },
    /// An environment variable.
    Variable(String),
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// One thing that is wrong, and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The dotted key.
    pub key: String,
    /// The value as given, unless it may hold a secret.
    pub value: Option<String>,
    /// What is wrong with it.
    pub why: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        write!(f, ": {}; {}", self.why, self.fix)
    }
}

/// A problem that does not yet know where its key stands.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) key: String,
    pub(super) value: Option<String>,
    pub(super) why: String,
    pub(super) fix: String,
}

impl Finding {
    /// A finding about a value that may be shown.
    pub(super) fn new(key: &str, value: &str, why: &str, fix: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: Some(shown::value(value)),
            why: why.to_owned(),
            fix: fix.to_owned(),
        }
    }

    /// A finding about a path that does not begin at the root, if it does not:
    /// nobody knows in which directory a process reads it.
    pub(super) fn of_path(key: &str, path: Option<&Path>, example: &str) -> Option<Self> {
        let path = path.filter(|path| !path.is_absolute())?;
        Some(Self::new(
            key,
            &path.to_string_lossy(),
            "this is not a path from the root",
            &format!("write the whole path, such as \"{example}\""),
        ))
    }

    /// A finding about a value that may hold a secret.
    pub(super) fn hidden(key: &str, why: &str, fix: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: None,
            why: why.to_owned(),
            fix: fix.to_owned(),
        }
    }
}

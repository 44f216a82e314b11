//! `nix/closures.toml`: which packages are wanted, and for what.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use crate::files;

/// The whole file: closures by name.
pub(crate) type Closures = BTreeMap<String, Closure>;

/// One set of packages that is unpacked together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Closure {
    /// What the closure is for, in a line.
    pub(crate) purpose: String,
    /// Packages wanted by name; their dependencies follow.
    pub(crate) packages: Vec<String>,
    /// Name patterns (`*` allowed) taken from backports.
    #[serde(default)]
    pub(crate) from_backports: Vec<String>,
    /// Name patterns dropped although something depends on them, and with them
    /// whatever only they need.
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
}

/// A `closures.toml` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClosuresError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// Not the expected TOML.
    #[error("{path}: {source}")]
    Syntax {
        /// The file's path.
        path: String,
        /// What the parser said.
        #[source]
        source: toml::de::Error,
    },
}

/// Reads `closures.toml`.
pub(crate) fn read(path: &Path) -> Result<Closures, ClosuresError> {
    toml::from_str(&files::read(path)?).map_err(|source| ClosuresError::Syntax {
        path: path.display().to_string(),
        source,
    })
}

/// Whether `name` fits `pattern`, in which each `*` stands for any characters.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        assert!(matches("perl*", "perl-base"));
        assert!(matches("perl*", "perl"));
        assert!(matches("lib*-perl", "libjson-perl"));
        assert!(!matches("lib*-perl", "libjson-perl-doc"));
        assert!(!matches("perl", "perl-base"));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = "[image]\npurpose = \"x\"\npackages = []\nexcludes = [\"perl\"]\n";
        let error = toml::from_str::<Closures>(text).unwrap_err().to_string();
        assert!(error.contains("excludes"), "{error}");
    }
}

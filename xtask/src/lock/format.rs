//! The lock file `nix/debian.lock.json`: which bytes the build is made of.
//!
//! The Nix code reads exactly this shape; every map is sorted so that the file
//! differs only where the content does.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use crate::files;

/// The Debian release the box is made of.
pub(crate) const SUITE: &str = "trixie";

/// The only version of the format there is.
pub(crate) const VERSION: u32 = 1;

/// The whole lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    /// Version of this format.
    pub(crate) version: u32,
    /// Newest of the suites' dates.
    pub(crate) archive_timestamp: String,
    /// Date of each suite's Release file.
    pub(crate) suites: BTreeMap<String, String>,
    /// Every package by `name_version_architecture`.
    pub(crate) packages: BTreeMap<String, Package>,
    /// Keys of the packages of each closure, sorted.
    pub(crate) closures: BTreeMap<String, Vec<String>>,
}

/// Which of Debian's archives a package is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Archive {
    /// The main archive, with updates and backports.
    Debian,
    /// The security archive.
    DebianSecurity,
}

/// One pinned package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    /// Binary package name.
    pub(crate) name: String,
    /// Debian version, with epoch.
    pub(crate) version: String,
    /// `amd64` or `all`.
    pub(crate) architecture: String,
    /// Where it lies.
    pub(crate) archive: Archive,
    /// Path below the archive's base address.
    pub(crate) path: String,
    /// Size in bytes.
    pub(crate) size: u64,
    /// SHA-256 in hex.
    pub(crate) sha256: String,
}

/// A lock that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockFileError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// Not the JSON of a lock.
    #[error(
        "{path} is not a lock file ({source}): restore it from version control or run `cargo xtask lock`"
    )]
    Syntax {
        /// The lock's path.
        path: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// JSON, but with content that contradicts itself.
    #[error("{path}: {problem}: restore it from version control or run `cargo xtask lock`")]
    Content {
        /// The lock's path.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

impl Package {
    /// The package's key in the lock.
    pub(crate) fn key(&self) -> String {
        format!("{}_{}_{}", self.name, self.version, self.architecture)
    }
}

impl Lock {
    /// Reads and checks a lock.
    pub(crate) fn read(path: &Path) -> Result<Self, LockFileError> {
        let shown = path.display().to_string();
        let lock: Self =
            serde_json::from_str(&files::read(path)?).map_err(|source| LockFileError::Syntax {
                path: shown.clone(),
                source,
            })?;
        lock.check().map_err(|problem| LockFileError::Content {
            path: shown,
            problem,
        })?;
        Ok(lock)
    }

    /// The file's bytes.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    fn check(&self) -> Result<(), String> {
        if self.version != VERSION {
            return Err(format!(
                "version {} of the lock format is not known, only {VERSION} is",
                self.version
            ));
        }
        for (key, package) in &self.packages {
            if *key != package.key() {
                return Err(format!("package {key} describes {}", package.key()));
            }
            let hex = package.sha256.len() == 64
                && package
                    .sha256
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !hex {
                return Err(format!(
                    "package {key} has no SHA-256 in 64 lower-case hex digits: {:?}",
                    package.sha256
                ));
            }
            if package.path.starts_with('/') || package.path.split('/').any(|part| part == "..") {
                return Err(format!(
                    "package {key} has an unsafe path {:?}",
                    package.path
                ));
            }
        }
        for (closure, keys) in &self.closures {
            if let Some(key) = keys.iter().find(|key| !self.packages.contains_key(*key)) {
                return Err(format!("closure {closure} has {key}, which is not locked"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::testing::{lock, package};

    fn problem(lock: &Lock) -> String {
        let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = dir.path().join("lock.json");
        std::fs::write(&path, lock.to_json().unwrap_or_default()).unwrap_or_default();
        Lock::read(&path)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_lock_survives_writing_and_reading() {
        let before = lock(&[("image", &[package("bash", "5.2")])]);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock.json");
        std::fs::write(&path, before.to_json().unwrap()).unwrap();
        assert_eq!(Lock::read(&path).unwrap(), before);
    }

    #[test]
    fn damage_is_refused_with_the_package_named() {
        let mut damaged = lock(&[("image", &[package("bash", "5.2")])]);
        for package in damaged.packages.values_mut() {
            package.sha256.truncate(63);
        }
        assert!(problem(&damaged).contains("bash_5.2_amd64"));
        let mut escaping = lock(&[("image", &[package("bash", "5.2")])]);
        for package in escaping.packages.values_mut() {
            package.path = "../../etc/passwd".into();
        }
        assert!(problem(&escaping).contains("unsafe path"));
        let mut dangling = lock(&[("image", &[package("bash", "5.2")])]);
        dangling.packages.clear();
        assert!(problem(&dangling).contains("not locked"));
    }
}

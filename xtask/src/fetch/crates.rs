//! Brings the crates of Cargo.lock into the store.
//!
//! Cargo itself downloads them (it knows the machine's registries and
//! credentials); here they are checked against Cargo.lock and added.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::FetchError;
use crate::{
    files::{self, FileError},
    store::{self, path},
};

/// A crate of a registry, as Cargo.lock pins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crate {
    /// `NAME-VERSION.crate`
    pub(crate) file_name: String,
    /// SHA-256 in hex.
    pub(crate) checksum: String,
}

/// A crate that cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrateError {
    /// Cargo.lock is not what Cargo writes.
    #[error("{path}: {source}")]
    Lock {
        /// Its path.
        path: String,
        /// What the parser said.
        #[source]
        source: toml::de::Error,
    },
    /// `cargo fetch` failed; it said why.
    #[error("`cargo fetch --locked` failed ({0}): see its message above")]
    Cargo(std::process::ExitStatus),
    /// Cargo has the crate somewhere else.
    #[error(
        "crate {file_name} is not in {cache}/*/ although `cargo fetch` succeeded: does Cargo's configuration replace the \
         registry by a directory? Use a registry or a local-registry for this build"
    )]
    Missing {
        /// The crate.
        file_name: String,
        /// Where it was looked for.
        cache: String,
    },
    /// Cargo's copy is damaged.
    #[error(
        "crate {file}: expected SHA-256 {expected}, found {found}: delete this file and run `cargo xtask fetch` again"
    )]
    Hash {
        /// The file.
        file: String,
        /// Cargo.lock's checksum.
        expected: String,
        /// The file's hash.
        found: String,
    },
}

#[derive(Deserialize)]
struct CargoLock {
    #[serde(default)]
    package: Vec<CargoPackage>,
}

#[derive(Deserialize)]
struct CargoPackage {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The registry crates in a Cargo.lock (workspace members have no checksum).
pub(crate) fn read(lock: &Path) -> Result<Vec<Crate>, FetchError> {
    let parsed: CargoLock =
        toml::from_str(&files::read(lock)?).map_err(|source| CrateError::Lock {
            path: lock.display().to_string(),
            source,
        })?;
    Ok(parsed
        .package
        .into_iter()
        .filter_map(|package| {
            Some(Crate {
                file_name: format!("{}-{}.crate", package.name, package.version),
                checksum: package.checksum?,
            })
        })
        .collect())
}

/// Adds the crates that the store lacks; returns how many those were.
pub(crate) fn fetch(workspace: &Path, crates: &[Crate]) -> Result<usize, FetchError> {
    let paths: Vec<String> = crates.iter().map(store_path).collect();
    let missing = store::missing(&paths)?;
    let wanted: Vec<&Crate> = crates
        .iter()
        .zip(&paths)
        .filter(|(_, path)| missing.contains(*path))
        .map(|(package, _)| package)
        .collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let status = Command::new("cargo")
        .args(["fetch", "--locked"])
        .current_dir(workspace)
        .status()
        .map_err(FileError::at("run cargo in", workspace))?;
    if !status.success() {
        return Err(CrateError::Cargo(status).into());
    }
    let cache = cargo_home().join("registry/cache");
    let found = wanted
        .iter()
        .map(|package| verified(&cache, package))
        .collect::<Result<Vec<PathBuf>, FetchError>>()?;
    for part in found.chunks(100) {
        store::add_flat(&part.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    }
    Ok(found.len())
}

/// Where a crate is in the store.
fn store_path(package: &Crate) -> String {
    path::flat(&package.checksum, &package.file_name)
}

fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME").map_or_else(
        || {
            std::env::home_dir()
                .unwrap_or_else(|| PathBuf::from("/"))
                .join(".cargo")
        },
        PathBuf::from,
    )
}

/// The crate's file in the cache of one of the registries, if it is the right one.
fn verified(cache: &Path, package: &Crate) -> Result<PathBuf, FetchError> {
    let mut damaged = None;
    for registry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let file = registry.path().join(&package.file_name);
        if !file.is_file() {
            continue;
        }
        let mut hasher = Sha256::new();
        fs::File::open(&file)
            .and_then(|mut content| io::copy(&mut content, &mut hasher))
            .map_err(FileError::at("read", &file))?;
        let found = path::hex(&hasher.finalize());
        if found == package.checksum {
            return Ok(file);
        }
        damaged = Some(CrateError::Hash {
            file: file.display().to_string(),
            expected: package.checksum.clone(),
            found,
        });
    }
    Err(damaged
        .unwrap_or_else(|| CrateError::Missing {
            file_name: package.file_name.clone(),
            cache: cache.display().to_string(),
        })
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_crates_are_read_and_members_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("Cargo.lock");
        fs::write(
            &lock,
            "version = 4\n[[package]]\nname = \"toml\"\nversion = \"1.2.1+spec-1.1.0\"\nsource = \"registry+x\"\n\
             checksum = \"ab\"\n[[package]]\nname = \"xtask\"\nversion = \"0.1.0\"\n",
        )
        .unwrap();
        let crates = read(&lock).unwrap();
        assert_eq!(crates.len(), 1);
        assert_eq!(crates[0].file_name, "toml-1.2.1+spec-1.1.0.crate");
    }

    #[test]
    fn a_damaged_crate_is_named_with_both_hashes() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("registry-1")).unwrap();
        let package = Crate {
            file_name: "a-1.0.0.crate".into(),
            checksum: path::hex(&Sha256::digest(b"right")),
        };
        let missing = verified(dir.path(), &package).unwrap_err().to_string();
        assert!(missing.contains("a-1.0.0.crate"), "{missing}");
        let file = dir.path().join("registry-1/a-1.0.0.crate");
        fs::write(&file, "wrong").unwrap();
        let damaged = verified(dir.path(), &package).unwrap_err().to_string();
        assert!(damaged.contains(&package.checksum), "{damaged}");
        fs::write(&file, "right").unwrap();
        assert_eq!(verified(dir.path(), &package).unwrap(), file);
    }
}

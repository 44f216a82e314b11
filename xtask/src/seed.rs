//! The seed: a directory with one static busybox, the first program of every
//! build. It is cut out of the locked `busybox-static` package; `lock` writes
//! its hash to `nix/seed.json`, `fetch` makes it again and checks it.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};

use crate::{
    files::{self, FileError},
    lock::format::{Lock, Package},
    process::{self, ProcessError},
    store::{self, nar, path},
    workspace::Workspace,
};

/// The package the seed is cut out of.
const PACKAGE: &str = "busybox-static";

/// The seed's program.
const PROGRAM: &str = "busybox";

/// Its name in the store.
const NAME: &str = "busybox-seed";

/// `nix/seed.json`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeedFile {
    busybox: Seed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    /// Name in the store.
    name: String,
    /// SHA-256 of the directory's Nix archive.
    #[serde(rename = "narHash_sha256_hex")]
    nar_hash: String,
    /// SHA-256 of the package it was cut out of.
    deb_sha256: String,
}

/// Why there is no seed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Unpacking or the store failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The lock has no such package.
    #[error("the lock has no package {PACKAGE}: nix/closures.toml needs a closure with it")]
    NotLocked,
    /// `seed.json` is of another package than the lock.
    #[error("nix/seed.json does not belong to the locked {PACKAGE}: run `cargo xtask lock`")]
    Stale,
    /// The same package, another seed.
    #[error(
        "the seed made of {PACKAGE} {version}: expected archive hash {expected}, found {found}: run `cargo xtask lock`"
    )]
    Hash {
        /// Version of the package.
        version: String,
        /// The hash in `seed.json`.
        expected: String,
        /// The hash of what was made.
        found: String,
    },
    /// The JSON could not be written.
    #[error("cannot write nix/seed.json: {0}")]
    Json(#[from] serde_json::Error),
}

/// The locked package of the seed.
pub(crate) fn package(lock: &Lock) -> Result<&Package, SeedError> {
    let mut packages = lock.packages.values();
    packages
        .find(|package| package.name == PACKAGE)
        .ok_or(SeedError::NotLocked)
}

/// Whether `seed.json` belongs to the locked package.
pub(crate) fn is_current(workspace: &Workspace, lock: &Lock) -> Result<bool, SeedError> {
    let package = package(lock)?;
    Ok(recorded(workspace).is_some_and(|seed| seed.deb_sha256 == package.sha256))
}

/// Writes `seed.json` from the package's file.
pub(crate) fn record(
    workspace: &Workspace,
    package: &Package,
    deb: &Path,
) -> Result<(), SeedError> {
    let file = SeedFile {
        busybox: Seed {
            name: NAME.into(),
            nar_hash: nar::directory_of_one_program(PROGRAM, &extract(deb)?),
            deb_sha256: package.sha256.clone(),
        },
    };
    let json = serde_json::to_string_pretty(&file)? + "\n";
    Ok(files::replace(&workspace.seed(), json.as_bytes())?)
}

/// Adds the seed to the store if it is not there; says whether it was added.
pub(crate) fn fetch(workspace: &Workspace, lock: &Lock) -> Result<bool, SeedError> {
    let package = package(lock)?;
    let seed = recorded(workspace)
        .filter(|seed| seed.deb_sha256 == package.sha256)
        .ok_or(SeedError::Stale)?;
    let wanted = path::recursive(&seed.nar_hash, &seed.name);
    if store::missing(std::slice::from_ref(&wanted))?.is_empty() {
        return Ok(false);
    }
    let deb = PathBuf::from(path::flat(
        &package.sha256,
        &path::store_name(&package.path),
    ));
    let program = extract(&deb)?;
    let found = nar::directory_of_one_program(PROGRAM, &program);
    if found != seed.nar_hash {
        return Err(SeedError::Hash {
            version: package.version.clone(),
            expected: seed.nar_hash,
            found,
        });
    }
    let temporary = tempfile::tempdir().map_err(FileError::at(
        "create a directory in",
        &std::env::temp_dir(),
    ))?;
    let dir = temporary.path().join(&seed.name);
    let file = dir.join(PROGRAM);
    files::create_dir(&dir)?;
    files::replace(&file, &program)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o555))
        .map_err(FileError::at("make executable", &file))?;
    store::add_recursive(&dir)?;
    Ok(true)
}

fn recorded(workspace: &Workspace) -> Option<Seed> {
    // A missing or foreign file is the same as a stale one: `lock` writes it.
    let text = files::read(&workspace.seed()).ok()?;
    Some(serde_json::from_str::<SeedFile>(&text).ok()?.busybox)
}

/// The program's bytes out of the package.
fn extract(deb: &Path) -> Result<Vec<u8>, SeedError> {
    let purpose = format!("unpack {}", deb.display());
    let start = |program: &str, source| ProcessError::Start {
        program: program.into(),
        purpose: purpose.clone(),
        source,
    };
    let mut unpack = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(deb)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| start("dpkg-deb", source))?;
    let mut tar = Command::new("tar");
    tar.args(["-x", "-O", "-f", "-", "--wildcards", "*bin/busybox"]);
    if let Some(stream) = unpack.stdout.take() {
        tar.stdin(stream);
    }
    let bytes = process::piped_output(&mut tar, &purpose);
    unpack.wait().map_err(|source| start("dpkg-deb", source))?;
    Ok(bytes?)
}

impl Workspace {
    /// The seed's hash.
    fn seed(&self) -> PathBuf {
        self.path("nix/seed.json")
    }
}

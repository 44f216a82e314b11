//! The Nix store: which paths things have, which are there, adding more.
//!
//! Paths are computed here rather than asked from Nix ([`path`]), so that a
//! fetch with nothing to do costs one call.

pub(crate) mod base32;
pub(crate) mod nar;
pub(crate) mod path;

use std::{collections::BTreeSet, path::Path};

use crate::{
    nix_env,
    process::{self, ProcessError},
};

/// Those of `paths` that the store does not hold.
pub(crate) fn missing(paths: &[String]) -> Result<BTreeSet<String>, ProcessError> {
    let mut missing = BTreeSet::new();
    // Well below the kernel's limit on the length of a command line.
    for part in paths.chunks(500) {
        // With --print-invalid the status is 0 whatever is printed.
        let listing = process::text(
            nix_env::command("nix-store")
                .args(["--check-validity", "--print-invalid"])
                .args(part),
            "look into the Nix store",
        )?;
        missing.extend(listing.lines().map(str::to_owned));
    }
    Ok(missing)
}

/// Adds files under their own names, addressed by the SHA-256 of their bytes.
pub(crate) fn add_flat(files: &[&Path]) -> Result<Vec<String>, ProcessError> {
    let listing = process::text(
        nix_env::command("nix-store")
            .args(["--add-fixed", "sha256"])
            .args(files),
        "add files to the Nix store",
    )?;
    Ok(listing.lines().map(str::to_owned).collect())
}

/// Adds a file or directory addressed by the SHA-256 of its archive.
pub(crate) fn add_recursive(path: &Path) -> Result<String, ProcessError> {
    process::text(
        nix_env::command("nix-store")
            .args(["--add-fixed", "--recursive", "sha256"])
            .arg(path),
        "add a directory to the Nix store",
    )
    .map(|path| path.trim().to_owned())
}

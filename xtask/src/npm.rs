//! Packages from npm, by a lock file of ours, in the cache and never in the
//! checkout.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    cache,
    files::{self, FileError},
    process::{self, ProcessError},
    setup,
};

/// What says which packages, and how they are got.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Why there are no packages.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NpmError {
    /// Node is not there.
    #[error("npm is missing; install it (`apt-get install npm`)")]
    Missing,
    /// It failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Installs what the lock file in `source` names into the cache directory
/// `name`, unless that is there, and gives the directory.
pub(crate) fn install(source: &Path, name: &str) -> Result<PathBuf, NpmError> {
    if !setup::has_program("npm") {
        return Err(NpmError::Missing);
    }
    let dir = cache::dir(name);
    files::create_dir(&dir)?;
    // Written last, so that an installation that broke off is made again.
    let stamp = dir.join("installed");
    let mut wanted = String::new();
    for file in FILES {
        let text = files::read(&source.join(file))?;
        files::replace(&dir.join(file), text.as_bytes())?;
        wanted += &text;
    }
    if files::read(&stamp).ok().as_ref() != Some(&wanted) {
        let mut install = Command::new("npm");
        install
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .arg("--loglevel=error")
            .current_dir(&dir);
        process::output(&mut install, "install packages from npm")?;
        files::replace(&stamp, wanted.as_bytes())?;
    }
    Ok(dir)
}

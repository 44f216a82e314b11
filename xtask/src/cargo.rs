//! Runs cargo, and finds what it built.

use std::{path::PathBuf, process::Command};

use serde::Deserialize;

use crate::{
    process::{self, ProcessError},
    workspace::Workspace,
};

/// What cargo did not do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CargoError {
    /// It failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It answered something else than expected.
    #[error(
        "`cargo metadata` answered what is not its JSON: {0}; check which cargo is first on PATH"
    )]
    Metadata(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

/// The cargo that runs this program, in the workspace.
pub(crate) fn command(workspace: &Workspace) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(workspace.path(""));
    command
}

/// Builds a program and returns its path.
pub(crate) fn program(workspace: &Workspace, program: &str) -> Result<PathBuf, CargoError> {
    built(workspace, program, "dev", "debug")
}

/// Like [`program`], with the profile that the image is built with.
pub(crate) fn release(workspace: &Workspace, program: &str) -> Result<PathBuf, CargoError> {
    built(workspace, program, "release", "release")
}

fn built(
    workspace: &Workspace,
    program: &str,
    profile: &str,
    folder: &str,
) -> Result<PathBuf, CargoError> {
    // Packages have the names of their programs, but for the application.
    let package = match program {
        "wizamart" => "app",
        same => same,
    };
    let mut build = command(workspace);
    build.args(["build", "--quiet", "--locked", "--package", package]);
    build.args(["--bin", program]);
    build.args(["--profile", profile]);
    process::run(&mut build, &format!("build {program}"))?;
    Ok(target_directory(workspace)?.join(folder).join(program))
}

/// Where cargo builds.
pub(crate) fn target_directory(workspace: &Workspace) -> Result<PathBuf, CargoError> {
    let mut metadata = command(workspace);
    metadata.args(["metadata", "--no-deps", "--format-version", "1"]);
    let json = process::output(&mut metadata, "find the target directory")?;
    let metadata: Metadata = serde_json::from_slice(&json)?;
    Ok(metadata.target_directory)
}

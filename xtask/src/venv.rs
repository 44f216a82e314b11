//! Python environments in the cache, for tools that are Python packages.

use std::{path::Path, process::Command};

use crate::process::{self, ProcessError};

/// Makes an environment and installs into it what `pip` is told to. One that
/// is there, such as one left half made, is emptied first.
pub(crate) fn make(environment: &Path, what: &str, pip: &[&str]) -> Result<(), ProcessError> {
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(environment);
    process::output(&mut create, &format!("make an environment for {what}"))?;
    let mut install = Command::new(environment.join("bin/pip"));
    install
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--only-binary", ":all:"])
        .args(pip);
    process::output(&mut install, &format!("install {what}")).map(drop)
}

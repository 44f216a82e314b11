//! The flake, by two generations of Nix, and whether builds can be repeated.

use std::{fs, path::Path, process::Command};

use super::runner::Runner;
use crate::{build, files::FileError, nix_env, workspace::Workspace};

/// What must come out byte for byte the same, in the order of their building.
const REPRODUCIBLE: [&str; 2] = ["rootfs", "image"];

/// Runs the group.
pub(crate) fn run(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    let mut check = nix_env::command("nix");
    check.current_dir(workspace.path(""));
    check.args(["flake", "check", "--print-build-logs"]);
    runner.check("nix-flake", &mut check)?;
    newer_nix(runner)?;
    for attribute in REPRODUCIBLE {
        let mut again = build::command(workspace, attribute)?;
        again.arg("--rebuild");
        let mut both = [build::command(workspace, attribute)?, again];
        runner.check_all(&format!("nix-reproducible-{attribute}"), &mut both)?;
    }
    Ok(())
}

/// Evaluates the flake with the Nix of the lock, which is newer than Debian's
/// oldest supported one.
fn newer_nix(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let name = "nix-newer";
    let workspace = runner.workspace();
    if !runner.check(
        "nix-newer-tree",
        &mut build::command(workspace, "nix226Tree")?,
    )? {
        runner.fail(name, "there is no newer Nix to check with");
        return Ok(());
    }
    let link = workspace.path("target/nix/nix226Tree");
    let tree = fs::read_link(&link).map_err(FileError::at("read link", &link))?;
    let own = std::env::temp_dir();
    let own = tempfile::tempdir().map_err(FileError::at("create a directory in", &own))?;
    runner.check(name, &mut newer_check(workspace, &tree, own.path()))?;
    Ok(())
}

/// With a store, a home and settings of its own, so that it cannot touch those
/// of the machine: a newer Nix would upgrade the store's database for good.
fn newer_check(workspace: &Workspace, tree: &Path, own: &Path) -> Command {
    let mut command = nix_env::command(tree.join("usr/lib64/ld-linux-x86-64.so.2"));
    command
        .arg("--library-path")
        .arg(tree.join("usr/lib/x86_64-linux-gnu"))
        .arg(tree.join("usr/bin/nix"))
        .args(["flake", "check", "--no-build", "--store"])
        .arg(own.join("store"))
        .current_dir(workspace.path(""))
        .env("HOME", own)
        .env("XDG_CACHE_HOME", own.join("cache"))
        .env("NIX_CONF_DIR", own)
        .env_remove("NIX_REMOTE")
        .env_remove("NIX_USER_CONF_FILES")
        .env_remove("LD_LIBRARY_PATH");
    // Its home has no git configuration that would trust another's checkout.
    command
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*");
    command
}

//! The image in a virtual machine.

use std::{fs, process::Command};

use super::runner::Runner;
use crate::{build, cargo, files::FileError, workspace::Workspace};

/// Those that take longest, which begin first: what is short fills the lanes.
const LONG: [&str; 4] = ["upgrade", "backups", "one_boot_bios", "doctor"];
/// Campaigns, which `cargo xtask soak` runs.
pub(super) const SOAKED: &str = "power_cuts";
/// Boxes at a time. An emulated processor is a thread, and most of a box's life
/// keeps one of its two busy.
pub(super) const LANES: usize = 2;

/// Runs the group.
pub(crate) fn run(runner: &mut Runner<'_>) -> Result<(), FileError> {
    if !prepare(runner)? {
        return Ok(());
    }
    let workspace = runner.workspace();
    let tests = names(runner)?
        .into_iter()
        .map(|name| (format!("vm-{name}"), test(workspace, &name)))
        .collect();
    runner.cargo_tests_in_lanes(tests, LANES)
}

/// A test program with what it needs.
pub(super) fn test(workspace: &Workspace, name: &str) -> Command {
    let mut command = cargo::command(workspace);
    command.args([
        "test",
        "--quiet",
        "--package",
        "onebox-vm-tests",
        "--locked",
    ]);
    command.args(["--test", name, "--", "--test-threads=1", "--nocapture"]);
    command.env(
        "ONEBOX_IMAGE",
        workspace.path("target/nix/image/onebox.raw"),
    );
    command.env("ONEBOX_BUNDLE", workspace.path("target/nix/bundle"));
    command
}

/// Builds what the tests need; tells whether it is there.
pub(super) fn prepare(runner: &mut Runner<'_>) -> Result<bool, FileError> {
    let workspace = runner.workspace();
    if !runner.check("vm-image", &mut build::command(workspace, "image")?)? {
        runner.fail("vm", "there is no image to test");
        return Ok(false);
    }
    if !runner.check("vm-bundle", &mut build::command(workspace, "bundle")?)? {
        runner.fail("vm", "there is no release to upgrade to");
        return Ok(false);
    }
    // Releases are signed and published with the command that is under test too.
    let mut boxctl = cargo::command(workspace);
    boxctl.args(["build", "--package", "boxctl", "--locked"]);
    if !runner.check("vm-boxctl", &mut boxctl)? {
        runner.fail("vm", "there is no boxctl to make releases with");
        return Ok(false);
    }
    // Once, and not in the lanes, which would wait for each other.
    let mut programs = cargo::command(workspace);
    programs.args([
        "test",
        "--package",
        "onebox-vm-tests",
        "--locked",
        "--no-run",
    ]);
    if !runner.check("vm-programs", &mut programs)? {
        runner.fail("vm", "the tests do not compile");
        return Ok(false);
    }
    Ok(true)
}

/// The test programs, in the order in which they begin.
fn names(runner: &Runner<'_>) -> Result<Vec<String>, FileError> {
    let directory = runner.workspace().path("tests/vm/tests");
    let read = |error| FileError::at("read", &directory)(error);
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(name) = path.file_stem()
            && name != SOAKED
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    let rank = |name: &String| LONG.iter().position(|long| long == name);
    names.sort_by_key(|name| (rank(name).unwrap_or(LONG.len()), name.clone()));
    Ok(names)
}

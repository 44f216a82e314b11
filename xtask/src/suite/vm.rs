//! The image in a virtual machine.

use super::runner::Runner;
use crate::{build, cargo, files::FileError};

/// Runs the group.
pub(crate) fn run(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    if !runner.check("vm-image", &mut build::command(workspace, "image")?)? {
        runner.fail("vm", "there is no image to test");
        return Ok(());
    }
    if !runner.check("vm-bundle", &mut build::command(workspace, "bundle")?)? {
        runner.fail("vm", "there is no release to upgrade to");
        return Ok(());
    }
    // Releases are signed and published with the command that is under test too.
    let mut boxctl = cargo::command(workspace);
    boxctl.args(["build", "--package", "boxctl", "--locked"]);
    if !runner.check("vm-boxctl", &mut boxctl)? {
        runner.fail("vm", "there is no boxctl to make releases with");
        return Ok(());
    }
    let mut tests = cargo::command(workspace);
    tests.args([
        "test",
        "--package",
        "onebox-vm-tests",
        "--locked",
        "--no-fail-fast",
    ]);
    // One box at a time: two would take each other's memory and time.
    tests.args(["--", "--test-threads=1", "--nocapture"]);
    tests.env(
        "ONEBOX_IMAGE",
        workspace.path("target/nix/image/onebox.raw"),
    );
    tests.env("ONEBOX_BUNDLE", workspace.path("target/nix/bundle"));
    runner.cargo_tests("vm", &mut tests)?;
    Ok(())
}

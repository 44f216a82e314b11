//! The pages in a real browser.

use super::runner::Runner;
use crate::{cargo, files::FileError, npm};

/// Runs the group.
pub(crate) fn run(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    let axe = match npm::install(&workspace.path("tests/browser"), "browser") {
        Ok(dir) => dir.join("node_modules/axe-core/axe.min.js"),
        Err(error) => {
            runner.fail("browser", &format!("no accessibility checker: {error}"));
            return Ok(());
        }
    };
    let program = match cargo::program(workspace, "wizamart") {
        Ok(program) => program,
        Err(error) => {
            runner.fail("browser", &format!("there is no application: {error}"));
            return Ok(());
        }
    };
    let mut tests = cargo::command(workspace);
    tests.args(["test", "--package", "onebox-browser-tests", "--locked"]);
    tests.args(["--no-fail-fast", "--", "--nocapture"]);
    tests.env("ONEBOX_AXE", axe);
    tests.env("ONEBOX_WIZAMART", program);
    runner.cargo_tests("browser", &mut tests)?;
    Ok(())
}

//! Format, lints and what may be among the dependencies.

use std::{path::Path, process::Command};

use super::{deny, fuzz, runner::Runner};
use crate::{
    cargo,
    css::{self, CssArgs},
    files::FileError,
};

/// Seconds that fetching the advisory database may take.
const FETCH_LIMIT: &str = "60";

/// Runs the group.
pub(crate) fn run(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    let cargo = |words: &[&str]| {
        let mut command = cargo::command(workspace);
        command.args(words);
        command
    };
    runner.check("lint-format", &mut cargo(&["fmt", "--all", "--check"]))?;
    let mut clippy = cargo(&["clippy", "--workspace", "--all-targets", "--locked"]);
    clippy.args(["--", "-D", "warnings"]);
    runner.check("lint-clippy", &mut clippy)?;
    fuzz::lint(runner)?;
    runner.own("lint-css", || {
        css::run(workspace, &CssArgs { check: true }).map_err(|error| format!("{error}\n"))
    })?;
    match deny::program() {
        Ok(program) => dependencies(runner, &program),
        Err(error) => {
            runner.fail("lint-dependencies", &error.to_string());
            Ok(())
        }
    }
}

fn dependencies(runner: &mut Runner<'_>, program: &Path) -> Result<(), FileError> {
    let root = runner.workspace().path("");
    let mut policy = Command::new(program);
    policy
        .current_dir(&root)
        .args(["--locked", "check", "licenses", "bans", "sources"]);
    runner.check("lint-dependencies", &mut policy)?;

    // The database is a git repository: without it nothing was checked, which
    // is neither a pass nor a fault of the dependencies.
    let mut fetch = Command::new("timeout");
    fetch.args(["--kill-after=5", FETCH_LIMIT]).arg(program);
    fetch.current_dir(&root).args(["fetch", "db"]);
    let name = "lint-advisories";
    match fetch.output() {
        Ok(output) if output.status.success() => {
            let mut advisories = Command::new(program);
            advisories.current_dir(&root);
            advisories.args(["--locked", "check", "--disable-fetch", "advisories"]);
            runner.check(name, &mut advisories)?;
        }
        Ok(output) => {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
            runner.skip(name, "the advisory database cannot be fetched from here");
        }
        Err(error) => runner.fail(name, &format!("cannot run `timeout`: {error}")),
    }
    Ok(())
}

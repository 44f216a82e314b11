//! `cargo xtask test`: every test there is, and the counts.
//!
//! Groups run from cheap to dear and a failed check does not end the run: one
//! run tells everything that is wrong. Each check ([`runner`]) is a row of the
//! table at the end ([`table`]) and has a log of its own in `target/test-logs`.

mod api;
mod browser;
mod count;
mod deny;
mod docs;
mod fuzz;
mod lanes;
mod lint;
mod nix;
mod runner;
mod soak;
mod table;
mod vm;

use std::process::ExitCode;

use crate::{
    build, cargo,
    fetch::FetchArgs,
    files::FileError,
    run::{self, RunError},
    setup::Purpose,
    workspace::Workspace,
};
use runner::Runner;
pub(crate) use soak::{SoakArgs, run as soak};

/// `cargo xtask test`
#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// What to test; everything unless given.
    #[arg(value_enum, value_name = "GROUP")]
    groups: Vec<Group>,
    /// What the API is asked and the fuzzer tries follows from this number. It
    /// stays the same unless told, so that a tree that passed passes again; other
    /// numbers search on.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u128,
    /// How many inputs the fuzzer tries; as many as take half a minute unless
    /// given.
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    #[command(flatten)]
    fetch: FetchArgs,
}

/// A group of checks, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Group {
    /// Format, lints, dependency policy.
    Lint,
    /// The tests of every crate.
    Unit,
    /// Parsers against made-up input.
    Fuzz,
    /// The book and its links.
    Docs,
    /// The flake and whether builds can be repeated.
    Nix,
    /// The API against its description.
    Api,
    /// The pages in a browser.
    Browser,
    /// The image in a virtual machine.
    Vm,
}

impl Group {
    const ALL: [Self; 8] = [
        Self::Lint,
        Self::Unit,
        Self::Fuzz,
        Self::Docs,
        Self::Nix,
        Self::Api,
        Self::Browser,
        Self::Vm,
    ];

    fn needs_nix(self) -> bool {
        matches!(self, Self::Unit | Self::Docs | Self::Nix | Self::Vm)
    }
}

/// Why testing could not go on. What fails in a test is not among it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SuiteError {
    /// The machine is not ready.
    #[error(transparent)]
    Prepare(#[from] RunError),
    /// A log could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Runs the groups and prints the counts; fails when a check did.
pub(crate) fn run(workspace: &Workspace, args: &TestArgs) -> Result<ExitCode, SuiteError> {
    let groups = chosen(&args.groups);
    prepare(workspace, &groups, &args.fetch)?;
    let mut runner = Runner::new(workspace, "target/test-logs")?;
    for group in groups {
        match group {
            Group::Lint => lint::run(&mut runner)?,
            Group::Unit => unit(&mut runner)?,
            Group::Fuzz => fuzz::run(&mut runner, args.runs, args.seed)?,
            Group::Docs => docs::run(&mut runner)?,
            Group::Nix => nix::run(&mut runner)?,
            Group::Api => api::run(&mut runner, args.seed)?,
            Group::Browser => browser::run(&mut runner)?,
            Group::Vm => vm::run(&mut runner)?,
        }
    }
    print!("\n{}", table::render(runner.rows()));
    let failed = runner.rows().iter().any(|row| row.counts.failed > 0);
    Ok(ExitCode::from(u8::from(failed)))
}

/// Lints alone need neither servers nor Nix.
fn prepare(workspace: &Workspace, groups: &[Group], fetch: &FetchArgs) -> Result<(), RunError> {
    if groups.iter().any(|group| group.needs_nix()) {
        run::prepare(workspace, Purpose::Test, true, fetch)
    } else {
        run::set_up(Purpose::Test, true)
    }
}

/// Each group once, in order.
fn chosen(groups: &[Group]) -> Vec<Group> {
    if groups.is_empty() {
        return Group::ALL.into();
    }
    let mut groups = groups.to_vec();
    groups.sort();
    groups.dedup();
    groups
}

/// The tests that need an image or a browser are groups of their own. Those of
/// backups run the programs of the image, which are unpacked for them.
fn unit(runner: &mut Runner<'_>) -> Result<(), FileError> {
    let workspace = runner.workspace();
    let mut tree = build::command(workspace, "imageTree")?;
    if !runner.check("unit-image-tree", &mut tree)? {
        runner.fail("unit", "there are no programs of the image to test with");
        return Ok(());
    }
    let mut command = cargo::command(workspace);
    command.env("ONEBOX_TREE", workspace.path("target/nix/imageTree"));
    command.args(["test", "--workspace", "--exclude", "onebox-vm-tests"]);
    command.args(["--exclude", "onebox-browser-tests"]);
    command.args(["--locked", "--no-fail-fast"]);
    runner.cargo_tests("unit", &mut command)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_everything_runs_and_a_choice_runs_once_from_cheap_to_dear() {
        assert_eq!(chosen(&[]), Group::ALL);
        assert_eq!(
            chosen(&[Group::Vm, Group::Lint, Group::Vm]),
            [Group::Lint, Group::Vm]
        );
    }
}

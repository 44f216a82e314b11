//! `cargo xtask soak`: campaigns that take longer than a test run may.

use std::process::ExitCode;

use super::{Group, SuiteError, prepare, runner::Runner, table, vm};
use crate::{fetch::FetchArgs, workspace::Workspace};

/// `cargo xtask soak`
#[derive(Debug, clap::Args)]
pub(crate) struct SoakArgs {
    /// How many upgrades lose their power; emulated, each takes some four minutes.
    #[arg(long, value_name = "N", default_value_t = 100)]
    cuts: u64,
    /// At which moments follows from this number.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    fetch: FetchArgs,
}

/// Cuts the power of a box in the middle of upgrades, and has it try every release
/// that is no good.
pub(crate) fn run(workspace: &Workspace, args: &SoakArgs) -> Result<ExitCode, SuiteError> {
    prepare(workspace, &[Group::Vm], &args.fetch)?;
    let mut runner = Runner::new(workspace, "target/soak-logs")?;
    if vm::prepare(&mut runner)? {
        let mut cuts = vm::test(workspace, vm::SOAKED);
        cuts.env("ONEBOX_CUTS", args.cuts.to_string());
        cuts.env("ONEBOX_SEED", args.seed.to_string());
        let mut bad = vm::test(workspace, "bad_releases");
        bad.env("ONEBOX_BAD", "all");
        let tests = [("soak-power-cuts", cuts), ("soak-bad-releases", bad)];
        let tests = tests.map(|(name, command)| (name.to_owned(), command));
        runner.cargo_tests_in_lanes(tests.into(), vm::LANES)?;
    }
    print!("\n{}", table::render(runner.rows()));
    let failed = runner.rows().iter().any(|row| row.counts.failed > 0);
    Ok(ExitCode::from(u8::from(failed)))
}

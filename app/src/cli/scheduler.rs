//! `wizamart scheduler`.

use super::{CliError, runtime, system};
use crate::clock::SystemClock;
use crate::hold::Hold;
use crate::lifecycle;
use crate::migrations::gate::Gate;
use crate::queue::scheduler::Scheduler;
use crate::settings::Settings;
use crate::storage::connect;
use crate::systemd::{notify, watchdog};
use onebox_model::paths;
use std::path::PathBuf;
use std::sync::Arc;

/// Besides the connection that holds the lead.
const POOL: u32 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the keeper says that an upgrade is on trial
    #[arg(long, value_name = "DIR", default_value = paths::TRIAL_DIR)]
    trial_dir: PathBuf,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    runtime::single(schedule(args, settings))?
}

async fn schedule(args: &Args, settings: &Settings) -> Result<(), CliError> {
    let (trigger, shutdown) = lifecycle::shutdown();
    lifecycle::stop_on_signals(trigger).map_err(system("listen for signals"))?;
    watchdog::start();
    let hold = Hold::below(&args.trial_dir);
    tokio::spawn(hold.clone().watch(shutdown.clone()));
    let pool = connect::lazy_pool(&settings.database, POOL, "wizamart scheduler");
    notify::ready("starting");
    Gate::closed().watch(pool.clone(), shutdown.clone()).await;
    notify::status("scheduling");
    let scheduler = Scheduler::new(
        pool.clone(),
        settings.sessions.clone(),
        Arc::new(SystemClock),
    )
    .held_by(hold);
    scheduler.run(shutdown).await;
    notify::stopping("stopped");
    pool.close().await;
    Ok(())
}

//! `wizamart scheduler`.

use super::{CliError, runtime, system};
use crate::clock::SystemClock;
use crate::lifecycle;
use crate::migrations::gate::Gate;
use crate::queue::scheduler::Scheduler;
use crate::settings::Settings;
use crate::storage::connect;
use crate::systemd::{notify, watchdog};
use std::sync::Arc;

/// Besides the connection that holds the lead.
const POOL: u32 = 1;

pub(super) fn run(settings: &Settings) -> Result<(), CliError> {
    runtime::single(schedule(settings))?
}

async fn schedule(settings: &Settings) -> Result<(), CliError> {
    let (trigger, shutdown) = lifecycle::shutdown();
    lifecycle::stop_on_signals(trigger).map_err(system("listen for signals"))?;
    watchdog::start();
    let pool = connect::lazy_pool(&settings.database, POOL, "wizamart scheduler");
    notify::ready("starting");
    Gate::closed().watch(pool.clone(), shutdown.clone()).await;
    notify::status("scheduling");
    let scheduler = Scheduler::new(
        pool.clone(),
        settings.sessions.clone(),
        Arc::new(SystemClock),
    );
    scheduler.run(shutdown).await;
    notify::stopping("stopped");
    pool.close().await;
    Ok(())
}

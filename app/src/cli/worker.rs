//! `wizamart worker`.

use super::{CliError, runtime, system};
use crate::cache::Cache;
use crate::clock::SystemClock;
use crate::hold::Hold;
use crate::lifecycle;
use crate::metrics::listen;
use crate::migrations::gate::Gate;
use crate::queue::registry::Registry;
use crate::queue::worker::{Worker, WorkerOptions};
use crate::secrets::Sealer;
use crate::services::Services;
use crate::settings::Settings;
use crate::storage::connect;
use crate::systemd::{notify, watchdog};
use onebox_model::{QueueName, paths, sizing};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A queue to serve; give it several times to serve several
    #[arg(long = "queue", value_name = "QUEUE", required = true)]
    queues: Vec<QueueName>,
    /// Jobs run side by side, instead of what fits the machine
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    concurrency: Option<u32>,
    /// How long a job stays with a worker that is not heard of
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    lease: u64,
    /// How long running jobs may take to finish when the worker stops
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
    /// Where the application keeps files
    #[arg(long, value_name = "DIR", default_value = paths::APP_STATE_DIR)]
    state_dir: PathBuf,
    /// Where it shows its metrics, to the web process
    #[arg(long, value_name = "DIR", default_value = paths::APP_RUN_DIR)]
    run_dir: PathBuf,
    /// Where the keeper says that an upgrade is on trial
    #[arg(long, value_name = "DIR", default_value = paths::TRIAL_DIR)]
    trial_dir: PathBuf,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    runtime::single(work(args, settings, Sealer::load(&settings.config)?))?
}

async fn work(args: &Args, settings: &Settings, sealer: Sealer) -> Result<(), CliError> {
    let (trigger, shutdown) = lifecycle::shutdown();
    lifecycle::stop_on_signals(trigger).map_err(system("listen for signals"))?;
    watchdog::start();
    let hold = Hold::below(&args.trial_dir);
    tokio::spawn(hold.clone().watch(shutdown.clone()));
    let fitting: u32 = args
        .queues
        .iter()
        .map(|queue| settings.sizing.app.worker(*queue).concurrency)
        .sum();
    let concurrency = args.concurrency.unwrap_or(fitting).max(1);
    let pool = connect::lazy_pool(
        &settings.database,
        concurrency + sizing::WORKER_CONNECTIONS,
        "wizamart worker",
    );
    // Ready means started: PostgreSQL may come later, and its being away is
    // for /ready to say.
    notify::ready("starting");
    Gate::closed().watch(pool.clone(), shutdown.clone()).await;
    let names: Vec<_> = args.queues.iter().map(ToString::to_string).collect();
    notify::status(&format!(
        "serving {} with {concurrency} at a time",
        names.join(", ")
    ));
    let options = WorkerOptions::new(
        args.queues.clone(),
        usize::try_from(concurrency).unwrap_or(1),
    )
    .lease(Duration::from_secs(args.lease))
    .drain(Duration::from_secs(args.drain));
    let registry = Arc::new(Registry::standard());
    let services = Services::new(
        pool.clone(),
        Cache::from(&settings.redis)?,
        Arc::new(SystemClock),
        Arc::new(settings.config.clone()),
        args.state_dir.clone(),
        sealer,
    )
    .reaching(settings)
    .held_by(hold);
    let socket = format!("worker-{}", names.join("-"));
    if let Err(error) = listen::start_socket(&args.run_dir, &socket, services.clone()) {
        tracing::debug!(
            "no metrics: cannot make {socket} in {}: {error}",
            args.run_dir.display()
        );
    }
    let worker = Worker::new(services, registry, options);
    let announce = async {
        shutdown.requested().await;
        notify::stopping("finishing running jobs");
    };
    tokio::join!(worker.run(shutdown.clone()), announce);
    pool.close().await;
    Ok(())
}

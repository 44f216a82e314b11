//! `wizamart dev`: everything in one process, on servers of its own.

use super::{CliError, runtime, seed, system};
use crate::auth::password::Passwords;
use crate::cache::Cache;
use crate::cache::source::Source;
use crate::clock::SystemClock;
use crate::controllers;
use crate::dev::reload::Program;
use crate::dev::{postgres, redis as redis_server};
use crate::edge::limits::Limits;
use crate::edge::listeners;
use crate::edge::serve::{Service, serve};
use crate::hold::Hold;
use crate::lifecycle::{self, Shutdown, Trigger};
use crate::migrations::{self, runner};
use crate::queue::registry::Registry;
use crate::queue::scheduler::Scheduler;
use crate::queue::worker::{Worker, WorkerOptions};
use crate::secrets::{Sealer, key_file};
use crate::services::Services;
use crate::settings::Settings;
use crate::state::AppState;
use crate::storage::connect::{self, connect_patiently};
use crate::storage::{seed as rows, users};
use onebox_model::queues;
use sqlx::PgConnection;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Serve http://localhost:PORT
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Where servers keep their data; may be removed at any time
    #[arg(long, value_name = "DIR", default_value = ".dev")]
    dir: PathBuf,
    /// Remove it first and start anew
    #[arg(long)]
    fresh: bool,
}

const ADMIN: &str = "admin@localhost";
/// Jobs of each queue run side by side.
const CONCURRENCY: usize = 2;
const CONNECTIONS: u32 = 24;

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = listeners::open(Some(address), None)?.http;
    let listener =
        listener.ok_or_else(|| CliError::Input("there is nothing to listen on".into()))?;
    let program = Program::running().map_err(system("find the running program"))?;
    let dir = prepare(args)?;
    let other = |error: crate::dev::DevError| CliError::Input(error.to_string());
    println!("starting PostgreSQL and Redis in {}", dir.display());
    let sealer = sealer(&dir, settings)?;
    let postgres = postgres::start(&dir.join("postgres")).map_err(other)?;
    let redis = redis_server::start(&dir.join("redis")).map_err(other)?;
    let mut settings = settings.clone();
    settings.database = postgres
        .url
        .parse()
        .map_err(crate::settings::SettingsError::Database)?;
    settings.redis =
        Source::open(&redis.url, None).map_err(crate::settings::SettingsError::Redis)?;
    let again = runtime::multi(
        settings.cores,
        develop(&dir, &settings, listener, &program, sealer),
    )??;
    drop((redis, postgres));
    if again {
        println!("the program was built anew: starting it");
        let mut next = std::process::Command::new(program.path());
        next.args(std::env::args_os().skip(1).filter(|arg| arg != "--fresh"));
        // Only returns when it fails.
        return Err(system("start the new program")(next.exec()));
    }
    println!("stopped");
    Ok(())
}

fn prepare(args: &Args) -> Result<PathBuf, CliError> {
    if args.fresh && args.dir.exists() {
        // Not everything that is named is ours to remove.
        if !args.dir.join("postgres").exists() && !args.dir.join("admin.txt").exists() {
            let dir = args.dir.display();
            return Err(CliError::Input(format!(
                "{dir} was not made by wizamart dev; remove it yourself or give another --dir"
            )));
        }
        std::fs::remove_dir_all(&args.dir).map_err(system("remove the old data"))?;
    }
    std::fs::create_dir_all(args.dir.join("state")).map_err(system("make the directory"))?;
    std::path::absolute(&args.dir).map_err(system("find the directory"))
}

/// The keys that the operator named, or those of the directory, made on the
/// first run.
fn sealer(dir: &Path, settings: &Settings) -> Result<Sealer, CliError> {
    if settings.config.secrets.key_file.is_some() {
        return Ok(Sealer::load(&settings.config)?);
    }
    let file = dir.join("seal-keys");
    if !file.exists() {
        key_file::create(&file)?;
    }
    Ok(Sealer::from_file(&file)?)
}

/// Runs until asked to stop; says whether to start again as a new program.
async fn develop(
    dir: &Path,
    settings: &Settings,
    listener: std::net::TcpListener,
    program: &Program,
    sealer: Sealer,
) -> Result<bool, CliError> {
    let (trigger, shutdown) = lifecycle::shutdown();
    lifecycle::stop_on_signals(trigger.clone()).map_err(system("listen for signals"))?;
    let mut connection =
        connect_patiently(&settings.database, "wizamart dev", Duration::from_secs(30)).await?;
    runner::migrate(&mut connection, migrations::ALL).await?;
    let port = listener
        .local_addr()
        .map_err(system("look at the socket"))?
        .port();
    let password = admin(&mut connection, &dir.join("admin.txt")).await?;
    drop(connection);

    let pool = connect::lazy_pool(&settings.database, CONNECTIONS, "wizamart dev");
    let services = Services::new(
        pool.clone(),
        Cache::from(&settings.redis)?,
        Arc::new(SystemClock),
        Arc::new(settings.config.clone()),
        dir.join("state"),
        sealer,
    );
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(web(
        listener,
        services.clone(),
        trigger.clone(),
        shutdown.clone(),
    ));
    let registry = Arc::new(Registry::standard());
    for queue in queues::ALL {
        let options = WorkerOptions::new(vec![queue], CONCURRENCY).drain(Duration::from_secs(5));
        let worker = Worker::new(services.clone(), Arc::clone(&registry), options);
        tasks.spawn(worker.run(shutdown.clone()));
    }
    let scheduler = Scheduler::new(
        pool.clone(),
        settings.database.clone(),
        Arc::new(SystemClock),
    );
    tasks.spawn(scheduler.run(shutdown.clone()));
    let replaced = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn(watch(program.clone(), Arc::clone(&replaced), trigger));
    println!(
        "\n  http://localhost:{port}        the shop\n  http://localhost:{port}/admin  log in as {ADMIN} with {password}\n\nCtrl-C stops everything; a new build is started by itself"
    );
    while tasks.join_next().await.is_some() {}
    watching.abort();
    pool.close().await;
    Ok(replaced.load(Ordering::Relaxed))
}

async fn watch(program: Program, replaced: Arc<AtomicBool>, trigger: Trigger) {
    program.replaced().await;
    replaced.store(true, Ordering::Relaxed);
    trigger.stop();
}

async fn web(
    listener: std::net::TcpListener,
    services: Services,
    trigger: Trigger,
    shutdown: Shutdown,
) {
    let limits = Limits::from(&services.config.web.limits);
    let (statics, counters) = (services.statics.clone(), services.metrics.edge.clone());
    let cloudflare = services.cloudflare.clone();
    let state = AppState::new(services, None);
    let news = tokio::spawn(state.hub.clone().run(shutdown.clone()));
    let service = Service {
        router: controllers::router(state, &limits),
        tls: None,
        limits,
        statics,
        counters,
        cloudflare,
        hold: Hold::default(),
    };
    if let Err(error) = serve(listener, service, shutdown).await {
        tracing::error!("cannot serve: {error}");
    }
    trigger.stop();
    if let Err(error) = news.await {
        tracing::error!("hearing events ended by itself: {error}");
    }
}

/// Makes administrator and demo shops on the first run; later ones read the
/// password where the first has left it.
async fn admin(connection: &mut PgConnection, note: &Path) -> Result<String, CliError> {
    if let Ok(password) = std::fs::read_to_string(note) {
        return Ok(password.trim().to_owned());
    }
    let password = seed::password()?;
    let hash = Passwords::new().hash(password.clone()).await?;
    let now = OffsetDateTime::now_utc();
    users::insert_first_admin(&mut *connection, ADMIN, &hash, now).await?;
    if !rows::occupied(&mut *connection).await? {
        let owners = seed::demo(seed::small(), connection).await?;
        println!("made three demo shops; owner@demo-1.example logs in with {owners}");
    }
    write_private(note, &password).map_err(system("note the administrator's password"))?;
    Ok(password)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    let mut file = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

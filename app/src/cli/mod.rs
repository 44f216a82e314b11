//! The command line: one subcommand a file. Each builds its own runtime,
//! sized for what it does.

mod admin;
mod bench;
mod cloudflare;
mod common;
mod config;
mod dev;
mod jobs;
mod migrate;
mod runtime;
mod scheduler;
mod secrets;
mod seed;
mod self_test;
mod storage;
mod web;
mod worker;

use crate::error_reports::{ReportError, Reporter};
use crate::settings::{Settings, SettingsError};
use crate::{logging, systemd};
use clap::{Parser, Subcommand};
use onebox_model::SecretError;
use std::path::{Path, PathBuf};

/// The Wizamart application.
#[derive(Debug, Parser)]
#[command(name = "wizamart", version, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration file; ONEBOX_SECTION__KEY variables override it
    #[arg(long, global = true, value_name = "FILE", default_value_os_t = Settings::default_path())]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer HTTP and HTTPS
    Web(web::Args),
    /// Run background jobs of one or more queues
    Worker(worker::Args),
    /// Enqueue periodic jobs
    Scheduler(scheduler::Args),
    /// Bring the database's schema up to date, show or revert it
    Migrate(migrate::Args),
    /// Manage administrators
    #[command(subcommand)]
    Admin(admin::Args),
    /// Run everything for development, on private servers in .dev/
    Dev(dev::Args),
    /// Fill an empty platform with made-up shops, products and orders
    Seed(seed::Args),
    /// Move uploaded files between stores, or check them
    #[command(subcommand)]
    Storage(storage::Args),
    /// Keys that seal secrets in the database
    #[command(subcommand)]
    Secrets(secrets::Args),
    /// Look at Cloudflare's networks, or ask for them anew
    #[command(subcommand)]
    Cloudflare(cloudflare::Args),
    /// Walk through everything once, as a customer would, and remove every
    /// trace of it
    SelfTest(self_test::Args),
    /// Measure
    #[command(subcommand, hide = true)]
    Bench(bench::Args),
    /// Look at the job queues, and change them
    Jobs(jobs::Args),
    /// Look at the configuration
    #[command(subcommand)]
    Config(config::Args),
}

/// Why the program ends with a failure. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The log cannot be set up.
    #[error(transparent)]
    Logging(#[from] logging::LoggingError),
    /// Reports cannot be sent.
    #[error(transparent)]
    Reports(#[from] ReportError),
    /// A secret of the configuration cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] crate::random::NoRandomness),
    /// The keys that seal secrets cannot be had.
    #[error(transparent)]
    Keyring(#[from] crate::secrets::KeyringError),
    /// There is nothing to listen on.
    #[error(transparent)]
    Listen(#[from] crate::edge::listeners::ListenError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] crate::storage::StorageError),
    /// A job or queue was not changed.
    #[error(transparent)]
    Control(#[from] crate::queue::control::ControlError),
    /// A migration failed.
    #[error(transparent)]
    Migrate(#[from] crate::migrations::runner::MigrateError),
    /// Redis cannot be set up.
    #[error(transparent)]
    Cache(#[from] crate::cache::CacheError),
    /// No password can be hashed.
    #[error(transparent)]
    Password(#[from] crate::auth::password::PasswordError),
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The system refused something.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Something else is wrong with what the operator gave.
    #[error("{0}")]
    Input(String),
}

/// Says what was being done when the system refused.
fn system(action: &'static str) -> impl FnOnce(std::io::Error) -> CliError {
    move |source| CliError::System { action, source }
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// With a text for the operator.
    pub fn run(self) -> Result<(), CliError> {
        let path = self.config;
        match self.command {
            Command::Web(args) => with(&path, |settings| web::run(&args, settings)),
            Command::Worker(args) => with(&path, |settings| worker::run(&args, settings)),
            Command::Scheduler(args) => with(&path, |settings| scheduler::run(&args, settings)),
            Command::Migrate(args) => with(&path, |settings| migrate::run(&args, settings)),
            Command::Admin(args) => with(&path, |settings| admin::run(&args, settings)),
            Command::Dev(args) => with(&path, |settings| dev::run(&args, settings)),
            Command::Seed(args) => with(&path, |settings| seed::run(&args, settings)),
            Command::Storage(args) => with(&path, |settings| storage::run(&args, settings)),
            Command::Secrets(args) => with(&path, |settings| secrets::run(&args, settings)),
            Command::Cloudflare(args) => with(&path, |settings| cloudflare::run(&args, settings)),
            Command::SelfTest(args) => with(&path, |settings| self_test::run(&args, settings)),
            Command::Bench(args) => with(&path, |settings| bench::run(&args, settings)),
            Command::Jobs(args) => with(&path, |settings| jobs::run(&args, settings)),
            Command::Config(args) => config::run(&args, &path),
        }
    }
}

/// What every command but `config` begins and ends with.
fn with(
    path: &Path,
    command: impl FnOnce(&Settings) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut settings = Settings::load(path)?;
    let chosen = &settings.config.sentry;
    if let Some(dsn) = &chosen.dsn {
        let release = format!("wizamart@{}", settings.version());
        settings.reporter = Reporter::start(
            &settings.config.reveal(dsn)?,
            &chosen.environment,
            &release,
            chosen.trace_percent,
        )?;
    }
    logging::start(
        settings.config.log.level.as_str(),
        systemd::under_journal(),
        &settings.reporter,
    )?;
    let done = command(&settings);
    settings.reporter.flush();
    done
}

//! What a process is started with: the operator's configuration and the
//! machine's size, in the forms the libraries want. Nothing else in the
//! application reads configuration, and nothing reads the environment but
//! [`crate::systemd`].

use crate::cache::source::{Source, SourceError};
use crate::error_reports::Reporter;
use crate::systemd;
use onebox_model::config::ConnectionUrl;
use onebox_model::{Config, ConfigError, Machine, MachineError, Release, Sizing, paths};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::path::{Path, PathBuf};

/// Everything a process needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration as read.
    pub config: Config,
    /// What fits this machine.
    pub sizing: Sizing,
    /// Its processors.
    pub cores: u32,
    /// How to reach PostgreSQL.
    pub database: PgConnectOptions,
    /// The same for what needs a session of its own.
    pub sessions: PgConnectOptions,
    /// A replica to read from.
    pub replica: Option<PgConnectOptions>,
    /// How to reach Redis.
    pub redis: Source,
    /// What the image says it is; none outside a box.
    pub release: Option<Release>,
    /// Where errors are reported; nowhere until a command says so.
    pub reporter: Reporter,
}

/// The process cannot be configured.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The operator's file is at fault.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The machine does not say how large it is.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// A database's address is not one.
    #[error(
        "a URL of [database] is not a PostgreSQL URL: {0}; write postgres://user@host/database"
    )]
    Database(#[source] sqlx::Error),
    /// Redis's address is not one.
    #[error(transparent)]
    Redis(#[from] SourceError),
}

impl Settings {
    /// Reads the configuration file and looks at the machine.
    ///
    /// # Errors
    /// When either cannot be used.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let mut config = Config::load(path)?;
        config.credentials = systemd::credentials();
        let machine = Machine::detect()?;
        let postgres = |url: &ConnectionUrl| -> Result<PgConnectOptions, SettingsError> {
            let options: PgConnectOptions =
                url.expose().parse().map_err(SettingsError::Database)?;
            // Poolers refuse this one, and since PostgreSQL 12 it is without
            // effect: floats are exact anyway.
            let options = options.extra_float_digits(None);
            Ok(match &config.database.root_certificate {
                Some(root) => options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(root),
                None => options,
            })
        };
        let redis = Source::open(
            config.redis.connect_url().expose(),
            config.redis.root_certificate.as_deref(),
        )?;
        Ok(Self {
            sizing: Sizing::for_machine(&machine, &config),
            cores: machine.cores,
            database: postgres(&config.database.connect_url())?,
            sessions: postgres(&config.database.direct_connect_url())?,
            replica: config
                .database
                .replica_url
                .as_ref()
                .map(postgres)
                .transpose()?,
            redis,
            release: Release::load(Path::new(paths::RELEASE)).ok(),
            reporter: Reporter::default(),
            config,
        })
    }

    /// The program's version, and on a box the revision it was built from.
    #[must_use]
    pub fn version(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        match &self.release {
            Some(release) => format!("{version}+{}", release.git_revision),
            None => version.to_owned(),
        }
    }

    /// Where the configuration is when nobody says otherwise.
    #[must_use]
    pub fn default_path() -> PathBuf {
        PathBuf::from(paths::EFFECTIVE_CONFIG)
    }
}

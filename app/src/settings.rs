//! What a process is started with: the operator's configuration and the
//! machine's size, in the forms the libraries want. Nothing else in the
//! application reads configuration, and nothing reads the environment but
//! [`crate::systemd`].

use crate::systemd;
use onebox_model::{Config, ConfigError, Machine, MachineError, Release, Sizing, paths};
use sqlx::postgres::PgConnectOptions;
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
    /// How to reach Redis.
    pub redis: redis::Client,
    /// What the image says it is; none outside a box.
    pub release: Option<Release>,
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
    /// The database's address is not one.
    #[error("database.url is not a PostgreSQL URL: {0}; write postgres://user@host/database")]
    Database(#[source] sqlx::Error),
    /// Redis's address is not one.
    #[error("redis.url is not a Redis URL: {0}; write redis://host:6379 or redis+unix:///path")]
    Redis(#[source] redis::RedisError),
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
        let database = config.database.connect_url();
        let redis = config.redis.connect_url();
        Ok(Self {
            sizing: Sizing::for_machine(&machine, &config),
            cores: machine.cores,
            database: database.expose().parse().map_err(SettingsError::Database)?,
            redis: redis::Client::open(redis.expose()).map_err(SettingsError::Redis)?,
            release: Release::load(Path::new(paths::RELEASE)).ok(),
            config,
        })
    }

    /// Where the configuration is when nobody says otherwise.
    #[must_use]
    pub fn default_path() -> PathBuf {
        PathBuf::from(paths::EFFECTIVE_CONFIG)
    }
}

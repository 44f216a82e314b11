//! The operator's choices, from one file.
//!
//! Three layers, later ones win: defaults, `onebox.toml`, and environment
//! variables `ONEBOX_SECTION__KEY` (for development and tests; units on the
//! box set none). Unknown keys are refused, because a misspelt key that is
//! silently ignored is a setting the operator believes in. Every error names
//! file, line, key, value and what to write instead.
//!
//! Each section is a file under `sections/` with its own `validate`; the
//! texts shown to operators are in `keys.rs`.

mod error;
mod keys;
mod layers;
mod lines;
mod reference;
mod schema;
mod sections;
mod setting;
mod shown;
mod template;
mod url;

pub use error::{ConfigError, Origin, Problem};
pub use keys::{KEYS, Key};
pub use reference::reference;
pub use schema::schema;
pub use sections::acme::{
    Acme, AcmeAuthority, AcmeChallenge, AcmeCloudflare, AcmeFallback, AcmeKeyType, Eab,
};
pub use sections::admin::Admin;
pub use sections::alerts::{Alerts, Service};
pub use sections::backups::{BackupS3, Backups, Day, Repository};
pub use sections::cloudflare::Cloudflare;
pub use sections::database::Database;
pub use sections::firewall::Firewall;
pub use sections::imports::Imports;
pub use sections::limits::Limits;
pub use sections::log::{Access, Level, Log};
pub use sections::mail::{Mail, MailTransport, Mailgun, Sendgrid, Ses, Smtp, SmtpSecurity};
pub use sections::metrics::Metrics;
pub use sections::payments::Payments;
pub use sections::redis::Redis;
pub use sections::secrets::Secrets;
pub use sections::sentry::Sentry;
pub use sections::ssh::{PublicKey, Ssh};
pub use sections::storage::{Storage, StoreChoice};
pub use sections::time::Time;
pub use sections::updates::Updates;
pub use sections::web::Web;
pub use sections::web_limits::WebLimits;
pub(crate) use sections::workers::MAX_CONCURRENCY;
pub use sections::workers::{Worker, Workers};
pub use setting::{Setting, inline_secrets, secrets_changed};
pub use template::template;
pub use url::ConnectionUrl;

use crate::secret::{Credentials, Secret, SecretError};
use error::Finding;
use layers::Layers;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Everything an operator can choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What the world calls this box.
    pub web: Web,
    /// Certificates from an authority.
    pub acme: Acme,
    /// The network in front of the box.
    pub cloudflare: Cloudflare,
    /// The first administrator.
    pub admin: Admin,
    /// Who is told when something is wrong.
    pub alerts: Alerts,
    /// When and where to the box is backed up.
    pub backups: Backups,
    /// Where new releases come from, and when they are installed.
    pub updates: Updates,
    /// Who may log in by SSH.
    pub ssh: Ssh,
    /// Who reaches the box.
    pub firewall: Firewall,
    /// Where PostgreSQL is.
    pub database: Database,
    /// Where Redis is.
    pub redis: Redis,
    /// How much the workers do at once.
    pub workers: Workers,
    /// Feeds of products and orders.
    pub imports: Imports,
    /// How often the outside may ask.
    pub limits: Limits,
    /// Keys that seal secrets in the database.
    pub secrets: Secrets,
    /// Where uploaded files are.
    pub storage: Storage,
    /// How vendors pay for the platform.
    pub payments: Payments,
    /// The clock on the wall.
    pub time: Time,
    /// How much is logged.
    pub log: Log,
    /// Numbers for Prometheus.
    pub metrics: Metrics,
    /// Where errors are reported.
    pub sentry: Sentry,
    /// How mail leaves the box.
    pub mail: Mail,
    /// Where the secrets are that the file only names. Not a setting: the
    /// process finds out and puts it here.
    #[serde(skip)]
    pub credentials: Credentials,
}

impl Config {
    /// Loads `path` (a missing file means defaults) and the environment over it.
    ///
    /// # Errors
    /// When the file can't be read, is not TOML, or holds something that is
    /// not allowed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::from_layers(&Layers::read(path, std::env::vars_os())?)
    }

    /// Loads `path` with the environment given instead of the process's own.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with_env(
        path: &Path,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let env = env.into_iter().map(|(k, v)| (k.into(), v.into()));
        Self::from_layers(&Layers::read(path, env)?)
    }

    /// Loads as [`Config::load`] and says of each key where its value is from.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn explain(path: &Path) -> Result<(Self, Vec<Setting>), ConfigError> {
        Self::explained(&Layers::read(path, std::env::vars_os())?)
    }

    /// The same with the environment given.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn explain_with_env(
        path: &Path,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<Setting>), ConfigError> {
        let env = env.into_iter().map(|(k, v)| (k.into(), v.into()));
        Self::explained(&Layers::read(path, env)?)
    }

    fn explained(layers: &Layers) -> Result<(Self, Vec<Setting>), ConfigError> {
        let config = Self::from_layers(layers)?;
        let settings = setting::all(&config, layers);
        Ok((config, settings))
    }

    /// Parses the text of an operator's file; `name` stands for it in errors.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, name: &Path) -> Result<Self, ConfigError> {
        Self::from_layers(&Layers::parse(name, text)?)
    }

    /// The value of a secret of this configuration.
    ///
    /// # Errors
    /// When it is only named and cannot be read.
    pub fn reveal(&self, secret: &Secret) -> Result<String, SecretError> {
        secret.reveal(&self.credentials)
    }

    /// Keys whose secrets are only named (`{ secret = "name" }`), with the names.
    #[must_use]
    pub fn named_secrets(&self) -> Vec<(&'static str, String)> {
        setting::named_secrets(self)
    }

    fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let lists = layers.lists();
        if !lists.is_empty() {
            return Err(ConfigError::Invalid {
                problems: layers.place(lists),
            });
        }
        let config: Self = layers
            .figment()
            .extract()
            .map_err(|error| layers.explain(error))?;
        let findings = config.findings();
        if findings.is_empty() {
            return Ok(config);
        }
        Err(ConfigError::Invalid {
            problems: layers.place(findings),
        })
    }

    fn findings(&self) -> Vec<Finding> {
        let mut found = self.web.validate();
        found.extend(self.acme.validate(&self.web));
        found.extend(self.cloudflare.validate());
        found.extend(self.admin.validate());
        found.extend(self.alerts.validate());
        found.extend(self.backups.validate());
        found.extend(self.updates.validate());
        found.extend(self.ssh.validate());
        found.extend(self.firewall.validate());
        found.extend(self.database.validate());
        found.extend(self.redis.validate());
        found.extend(self.workers.validate());
        found.extend(self.imports.validate());
        found.extend(self.secrets.validate());
        found.extend(self.storage.validate());
        found.extend(self.payments.validate());
        found.extend(self.time.validate());
        found.extend(self.metrics.validate());
        found.extend(self.sentry.validate());
        found.extend(self.mail.validate());
        found
    }
}

#[cfg(test)]
mod tests;

//! The files that follow from configuration and sizing, as text.
//!
//! Pure: nothing here reads or writes. `boxd` compares the result with what
//! stands on disk and writes the difference, so a plan, a dry run and the real
//! thing share one computation. No rendered file but the effective
//! configuration holds a secret, and that one is readable by the application
//! alone.

mod backups;
mod credentials;
mod dropins;
mod nftables;
mod postgres;
mod redis;
mod ssh;

pub use backups::{BACKUPS_NAME, STANZA, network};
pub use credentials::{CREDENTIALS_NAME, credentials};
pub use dropins::{DROPIN_NAME, dropins};

use crate::config::{Config, PublicKey};
use crate::paths;
use crate::sizing::Sizing;

/// An account files belong to. Each has a group of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The superuser.
    Root,
    /// The database server.
    Postgres,
    /// The cache server.
    Redis,
    /// The application.
    Wizamart,
}

impl Account {
    /// Its name in the user and group databases.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Wizamart => "wizamart",
        }
    }
}

/// A file that should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFile {
    /// Where, as an absolute path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Who owns it.
    pub owner: Account,
    /// Whose group it has.
    pub group: Account,
    /// What it says.
    pub content: String,
}

impl RenderedFile {
    /// A file of root that the accounts in `group` may read too.
    fn readable_by(group: Account, path: &str, content: String) -> Self {
        let mode = if group == Account::Root { 0o600 } else { 0o640 };
        Self {
            path: path.to_owned(),
            mode,
            owner: Account::Root,
            group,
            content,
        }
    }
}

/// Every file under `/run/onebox` but the status files.
///
/// `config_text` is the operator's file that `config` was read from and is
/// passed on as it stands; `boot_keys` are SSH keys handed over at boot.
#[must_use]
pub fn all(
    config: &Config,
    config_text: &str,
    sizing: &Sizing,
    boot_keys: &[PublicKey],
) -> Vec<RenderedFile> {
    let mut files = vec![
        RenderedFile::readable_by(
            Account::Wizamart,
            paths::EFFECTIVE_CONFIG,
            config_text.to_owned(),
        ),
        RenderedFile::readable_by(
            Account::Root,
            paths::NFTABLES_CONF,
            nftables::ruleset(&config.firewall),
        ),
        RenderedFile::readable_by(
            Account::Root,
            paths::SSH_RUN_AUTHORIZED_KEYS,
            ssh::authorized_keys(config, boot_keys),
        ),
    ];
    let postgres = |path, content| RenderedFile::readable_by(Account::Postgres, path, content);
    files.extend([
        postgres(
            paths::POSTGRES_CONF,
            postgres::server(&sizing.postgres, &config.backups),
        ),
        postgres(paths::POSTGRES_HBA, postgres::access()),
        postgres(paths::POSTGRES_IDENT, postgres::identities()),
    ]);
    files.push(postgres(
        paths::PGBACKREST_CONF,
        backups::pgbackrest(&config.backups, sizing),
    ));
    files.push(RenderedFile::readable_by(
        Account::Redis,
        paths::REDIS_CONF,
        redis::server(&sizing.redis),
    ));
    files
}

#[cfg(test)]
mod tests;

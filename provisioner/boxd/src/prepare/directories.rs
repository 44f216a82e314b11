//! Directories with their owners, before anything is put into them.

use super::{Report, StepError};
use crate::disk::{Access, Disk};
use onebox_model::paths;
use onebox_model::render::Account;

const DIRECTORIES: [(&str, Access); 19] = [
    (paths::STATE_DIR, Access::root(0o755)),
    (paths::SECRETS_DIR, Access::root(0o700)),
    (paths::TLS_DIR, Access::root(0o755)),
    (paths::ACME_DIR, Access::root(0o755)),
    (paths::ACME_PAIRS, Access::root(0o755)),
    (paths::SSH_DIR, Access::root(0o755)),
    (paths::APP_STATE_DIR, Access::of(Account::Wizamart, 0o750)),
    (paths::POSTGRES_HOME, Access::of(Account::Postgres, 0o755)),
    (paths::REDIS_DATA, Access::of(Account::Redis, 0o750)),
    (
        paths::BACKUP_REPOSITORY,
        Access::of(Account::Postgres, 0o750),
    ),
    (paths::BACKUP_STATE_DIR, Access::root(0o700)),
    (paths::RUN_DIR, Access::root(0o755)),
    (paths::STATUS_DIR, Access::root(0o755)),
    (
        paths::PGBACKREST_SECRETS_DIR,
        Access {
            mode: 0o750,
            owner: Account::Root,
            group: Account::Postgres,
        },
    ),
    (
        paths::PGBACKREST_LOCKS,
        Access::of(Account::Postgres, 0o770),
    ),
    (paths::BACKUP_LOGS, Access::root(0o755)),
    (paths::ACME_RUN_DIR, Access::root(0o755)),
    (paths::ACME_HTTP01, Access::root(0o755)),
    (paths::ACME_TLS_ALPN01, Access::root(0o755)),
];

pub(super) fn make(disk: &Disk, report: &mut Report) -> Result<(), StepError> {
    for (path, access) in DIRECTORIES {
        let change = disk.directory(path, access)?;
        report.note(path, change);
    }
    Ok(())
}

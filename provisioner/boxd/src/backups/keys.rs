//! The passphrase of the repositories, and pgBackRest's file of secrets.

use super::BackupError;
use crate::disk::{Access, Change, Disk, DiskError};
use crate::secrets;
use onebox_model::config::{Backups, Repository};
use onebox_model::paths::{BACKUP_CIPHER, PGBACKREST_SECRETS};
use onebox_model::render::Account;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The passphrase.
///
/// # Errors
/// When it is missing: it is made at the first boot, and backups that it
/// encrypted are worth nothing without it.
pub(super) fn cipher(disk: &Disk) -> Result<Zeroizing<String>, BackupError> {
    let bytes = disk.read(BACKUP_CIPHER)?.map(Zeroizing::new);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    text.map(|text| Zeroizing::new(text.trim().to_owned()))
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            BackupError::Secret(format!(
                "{BACKUP_CIPHER} is missing or empty; write the passphrase of the recovery kit into it, or reboot to have a new one made and begin anew"
            ))
        })
}

/// Makes pgBackRest's file of secrets be as the configuration says.
///
/// # Errors
/// When a secret cannot be read or the file cannot be written.
pub(super) fn give(disk: &Disk, backups: &Backups) -> Result<Change, BackupError> {
    let cipher = cipher(disk)?;
    let mut text = Zeroizing::new(String::from(
        "# Written by the keeper; changes here do not last.\n[global]\n",
    ));
    for repository in backups.repositories() {
        let mut key = None;
        if repository == Repository::S3 {
            let secret = backups.s3.secret_key.as_ref();
            let secret = secret.ok_or_else(|| {
                BackupError::Secret("backups.s3.secret_key is not set".to_owned())
            })?;
            let value = secrets::reveal(disk, secret).map(Zeroizing::new);
            let value = value.map_err(|why| {
                BackupError::Secret(format!("backups.s3.secret_key cannot be read: {why}"))
            })?;
            key = Some(value);
        }
        text.push_str(&lines(
            repository,
            &cipher,
            key.as_ref().map(|key| key.as_str()),
        ));
    }
    let access = Access {
        mode: 0o640,
        owner: Account::Root,
        group: Account::Postgres,
    };
    Ok(disk.write(PGBACKREST_SECRETS, text.as_bytes(), access)?)
}

/// What pgBackRest must know of a repository that others must not.
pub(super) fn lines(repository: Repository, cipher: &str, key: Option<&str>) -> Zeroizing<String> {
    let number = repository.number();
    let mut lines = Zeroizing::new(format!("repo{number}-cipher-pass={}\n", cipher.trim()));
    if let Some(key) = key {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "repo{number}-s3-key-secret={key}");
    }
    lines
}

/// The same at boot, where a secret that has to be decrypted can wait for the
/// daemon: without one the server's first archiving fails and is tried again.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn give_early(disk: &Disk, backups: &Backups) -> Result<Option<Change>, DiskError> {
    match give(disk, backups) {
        Ok(change) => Ok(Some(change)),
        Err(BackupError::Disk(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

//! The passphrase of backups: made once, on the box, and kept for good.

use super::{Report, StepError};
use crate::backups;
use crate::disk::{Access, Disk};
use crate::password;
use onebox_model::Config;
use onebox_model::paths::{BACKUP_CIPHER, PGBACKREST_SECRETS};

/// Writes a passphrase where there is none, and gives it to pgBackRest.
pub(super) fn ensure(disk: &Disk, config: &Config, report: &mut Report) -> Result<(), StepError> {
    let access = Access::root(0o600);
    let change = match disk.read(BACKUP_CIPHER)? {
        Some(bytes) => disk.write(BACKUP_CIPHER, &bytes, access)?,
        None => {
            let passphrase = password::generate().map_err(StepError::Random)?;
            disk.write(BACKUP_CIPHER, passphrase.as_bytes(), access)?
        }
    };
    report.note(BACKUP_CIPHER, change);
    if let Some(change) = backups::give_early(disk, &config.backups)? {
        report.note(PGBACKREST_SECRETS, change);
    }
    Ok(())
}

//! The keys that seal secrets in the database: made once, on the box, and kept
//! for good.

use super::{Report, StepError};
use crate::disk::{Access, Disk};
use crate::password;
use onebox_model::SealKey;
use onebox_model::paths::SEAL_KEYS;
use onebox_model::seal_keys::{new_file, parse};

/// Writes a file with one key where there is none. What stands there is left
/// alone but for its mode, whatever it is: a new key would open nothing of what
/// was sealed, and would hide that the old one is gone.
pub(super) fn ensure(disk: &Disk, report: &mut Report) -> Result<(), StepError> {
    let access = Access::root(0o600);
    let change = match disk.read(SEAL_KEYS)? {
        Some(bytes) => {
            if let Err(error) = parse(&String::from_utf8_lossy(&bytes), SEAL_KEYS) {
                report.warnings.push(format!(
                    "{error}; bring the file back from the recovery material: without it the application does not start"
                ));
            }
            disk.write(SEAL_KEYS, &bytes, access)?
        }
        None => {
            let key = SealKey::new(password::bytes().map_err(StepError::Random)?);
            disk.write(SEAL_KEYS, new_file(&key).as_bytes(), access)?
        }
    };
    report.note(SEAL_KEYS, change);
    Ok(())
}

//! Keeping visitors, workers and the scheduler back while a release is on
//! trial: nothing may be written then that going back would lose.
//!
//! The application looks for the file; who brings the token is let through.

use super::UpgradeError;
use crate::disk::{Access, Disk};
use crate::password;
use onebox_model::paths::{RUN_DIR, TRIAL_DIR, TRIAL_HELD, TRIAL_TOKEN};
use onebox_model::render::Account;

/// Holds everybody back.
///
/// # Errors
/// When the system refuses.
pub(super) fn hold(disk: &Disk) -> Result<(), UpgradeError> {
    disk.directory(RUN_DIR, Access::root(0o755))?;
    disk.directory(TRIAL_DIR, Access::root(0o755))?;
    if disk.read(TRIAL_TOKEN)?.is_none() {
        let token = password::generate()
            .map_err(|error| UpgradeError::io("get random numbers")(error.into()))?;
        let access = Access {
            group: Account::Wizamart,
            ..Access::root(0o640)
        };
        disk.write(TRIAL_TOKEN, token.as_bytes(), access)?;
    }
    // The last: whoever sees it finds the token.
    disk.write(
        TRIAL_HELD,
        b"a new release is on trial\n",
        Access::root(0o644),
    )?;
    Ok(())
}

/// Lets everybody in.
///
/// # Errors
/// When the system refuses.
pub(super) fn release(disk: &Disk) -> Result<(), UpgradeError> {
    disk.remove(TRIAL_HELD)?;
    disk.remove(TRIAL_TOKEN)?;
    Ok(())
}

/// Whether everybody is held back.
pub(super) fn is_held(disk: &Disk) -> bool {
    matches!(disk.read(TRIAL_HELD), Ok(Some(_)))
}

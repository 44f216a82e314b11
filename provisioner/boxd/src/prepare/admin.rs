//! The first administrator's password: made on the box, never a default.

use super::{Report, StepError};
use crate::disk::{Access, Disk};
use crate::password;
use onebox_model::Config;
use onebox_model::paths::INITIAL_ADMIN;
use serde::Serialize;

#[derive(Serialize)]
struct Credential<'a> {
    email: &'a str,
    password: &'a str,
}

/// Written once. Later changes of the address or the password are made in the
/// application, which is why what stands there is left alone but for its mode.
pub(super) fn ensure(disk: &Disk, config: &Config, report: &mut Report) -> Result<(), StepError> {
    let bytes = match disk.read(INITIAL_ADMIN)? {
        Some(bytes) => bytes,
        None => new(&config.admin.email)?,
    };
    let change = disk.write(INITIAL_ADMIN, &bytes, Access::root(0o600))?;
    report.note(INITIAL_ADMIN, change);
    Ok(())
}

fn new(email: &str) -> Result<Vec<u8>, StepError> {
    let password = password::generate().map_err(StepError::Random)?;
    let mut bytes = serde_json::to_vec(&Credential {
        email,
        password: &password,
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

//! Factory reset: the box begins anew, as on its first day.
//!
//! The running system cannot take its own data away. A mark is left, and the
//! initrd makes a new data file system where it finds it (`images/initrd/data`).
//! Who may log in still may: an operator must not lock themselves out.

use crate::disk::{Access, Disk, DiskError};
use crate::systemd::Units;
use onebox_api::reset::Reset;
use onebox_api::units::Verb;
use onebox_model::paths::{FACTORY_RESET, SSH_RUN_AUTHORIZED_KEYS};
use std::sync::Arc;
use std::time::Duration;

/// What restarts the machine (systemd.special(7)).
const REBOOT: &str = "reboot.target";
/// Between the answer and the restart.
const FAREWELL: Duration = Duration::from_secs(1);

/// Leaves the mark and has the machine restart, a moment after this returns.
///
/// # Errors
/// When the mark cannot be written; then nothing happens.
pub fn reset(disk: &Disk, systemd: &Arc<dyn Units>) -> Result<Reset, DiskError> {
    let keys = disk.read(SSH_RUN_AUTHORIZED_KEYS)?.unwrap_or_default();
    disk.write(FACTORY_RESET, &keys, Access::root(0o600))?;
    let systemd = Arc::clone(systemd);
    tokio::spawn(async move {
        // Who asked gets the answer first.
        tokio::time::sleep(FAREWELL).await;
        // The bus goes down with the machine: that the job was taken counts.
        if let Err(error) = systemd.act(Verb::Start, REBOOT).await {
            tracing::info!("{error}");
        }
    });
    let lines = String::from_utf8_lossy(&keys);
    let is_key = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    Ok(Reset {
        kept_keys: lines.lines().filter(is_key).count(),
    })
}

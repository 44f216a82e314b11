//! The key that the operator's secrets are encrypted with (systemd-creds(1)):
//! without it they are no use on another machine. A copy goes with the state.
//!
//! systemd takes a key only on the machine that made it, and removes any other:
//! its file begins with an id that follows from the machine's. The key itself
//! does not, so on another machine it is given that one's id.

use crate::disk::{Access, Disk, DiskError};
use aws_lc_rs::hmac;
use onebox_model::paths::STATE_DIR;

const KEY: &str = "/var/lib/systemd/credential.secret";
const COPY: &str = "/var/lib/onebox/backups/credential.secret";
/// The machine's id below the box's state; the boot puts it into /etc.
const MACHINE_ID: &str = "machine-id";
/// What ids of keys are made with (`credential_app_id` of systemd's
/// creds-util.c).
const APPLICATION: [u8; 16] = [
    0xd3, 0xac, 0xec, 0xba, 0x0d, 0xad, 0x4c, 0xdf, 0xb8, 0xc9, 0x38, 0x15, 0x28, 0x93, 0x6c, 0x58,
];

/// Puts a copy of the key beside the secrets that it opens.
pub(super) fn keep(disk: &Disk) -> Result<(), DiskError> {
    if let Some(key) = disk.read(KEY)? {
        disk.write(COPY, &key, Access::root(0o600))?;
    }
    Ok(())
}

/// Makes the key be the one of the secrets that are in place.
pub(super) fn bring(disk: &Disk) -> Result<(), DiskError> {
    let Some(mut key) = disk.read(COPY)? else {
        return Ok(());
    };
    let machine = disk.read(&format!("{STATE_DIR}/{MACHINE_ID}"))?;
    let id = machine.and_then(|text| id_of_key(&String::from_utf8_lossy(&text)));
    if let (Some(id), Some(place)) = (id, key.get_mut(..16)) {
        place.copy_from_slice(&id);
    }
    disk.write(KEY, &key, Access::root(0o400))?;
    Ok(())
}

/// Has restored state keep the id that this machine runs with.
pub(super) fn keep_machine_id(disk: &Disk, restored: &str) -> Result<(), DiskError> {
    if let Some(id) = disk.read(&format!("{STATE_DIR}/{MACHINE_ID}"))? {
        let place = format!("{restored}/{MACHINE_ID}");
        disk.write(&place, &id, Access::root(0o644))?;
    }
    Ok(())
}

/// The id that keys of a machine begin with (`sd_id128_get_app_specific`(3)).
fn id_of_key(machine: &str) -> Option<[u8; 16]> {
    let number = u128::from_str_radix(machine.trim(), 16).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &number.to_be_bytes());
    let tag = hmac::sign(&key, &APPLICATION);
    let mut id: [u8; 16] = tag.as_ref().get(..16)?.try_into().ok()?;
    // As a UUID of version 4.
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What systemd 257 wrote for this machine's id.
    #[test]
    fn the_id_is_that_of_systemd() {
        let id = id_of_key("0123456789abcdef0123456789abcdef\n").unwrap();
        let number = u128::from_be_bytes(id);
        assert_eq!(format!("{number:032x}"), "f65a25a6c02a44888e0e49b6adb6b1f9");
        assert_eq!(id_of_key("uninitialized"), None);
    }
}

//! Whose releases are taken: written for RAUC, and read for the channel.

use super::UpgradeError;
use crate::disk::{Access, Disk};
use onebox_model::config::Config;
use onebox_model::paths::{RAUC_CONF, RAUC_KEYRING, RAUC_RUN_DIR, RELEASE_ROOTS, RUN_DIR};
use onebox_release::{COMPATIBLE, Keyring};

/// Certificates that were revoked, as the channel last told.
pub(super) const REVOKED: &str = "/var/lib/onebox-upgrades/revoked.pem";
/// How a certificate and a list of revoked ones begin in PEM.
const CERTIFICATE: &str = "BEGIN CERTIFICATE";
const LIST: &str = "BEGIN X509 CRL";
/// Authorities of web servers, where no other file is named.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What RAUC is told (its reference, "System Configuration File"). The boot
/// loader's state is ours: RAUC asks `boxd` for it, and never activates what it
/// wrote, which is for the trial to decide.
const CONFIGURATION: &str = "\
# Rendered by boxd; changes here do not last.
[system]
compatible=@COMPATIBLE@
bootloader=custom
bundle-formats=verity
activate-installed=false
data-directory=/var/lib/rauc

[handlers]
bootloader-custom-backend=/usr/lib/onebox/rauc-bootloader

[keyring]
path=@KEYRING@
check-purpose=codesign
check-crl=@CRL@

[streaming]
tls-ca=@AUTHORITIES@

[slot.rootfs.0]
device=/dev/disk/by-partlabel/slot-a
type=raw
bootname=A

[slot.rootfs.1]
device=/dev/disk/by-partlabel/slot-b
type=raw
bootname=B
";

/// Roots that are trusted: those of the image, and the operator's.
///
/// # Errors
/// When a file is there and cannot be read.
fn roots(disk: &Disk, config: &Config) -> Result<String, UpgradeError> {
    let mut text = String::new();
    for name in disk.names(RELEASE_ROOTS)? {
        if name.ends_with(".pem") {
            append(&mut text, disk.read(&format!("{RELEASE_ROOTS}/{name}"))?);
        }
    }
    if let Some(file) = &config.updates.roots_file {
        let path = file.display().to_string();
        let bytes = disk.read(&path)?;
        if bytes.is_none() {
            return Err(UpgradeError::Refused(format!(
                "updates.roots_file = {path:?}: there is no such file; put the root certificates there, in PEM, or leave the setting out"
            )));
        }
        append(&mut text, bytes);
    }
    Ok(text)
}

/// Lists of what was revoked.
fn revoked(disk: &Disk) -> Result<String, UpgradeError> {
    let mut text = String::new();
    append(&mut text, disk.read(REVOKED)?);
    Ok(text)
}

fn append(text: &mut String, bytes: Option<Vec<u8>>) {
    text.push_str(&String::from_utf8_lossy(&bytes.unwrap_or_default()));
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Whom this box believes; nobody where there is no root.
///
/// # Errors
/// When a file cannot be read, or holds something else than roots and lists.
pub(super) fn keyring(disk: &Disk, config: &Config) -> Result<Option<Keyring>, UpgradeError> {
    let text = roots(disk, config)? + &revoked(disk)?;
    if !text.contains(CERTIFICATE) {
        return Ok(None);
    }
    match Keyring::parse(&text) {
        Ok(keyring) => Ok(Some(keyring)),
        Err(error) => Err(UpgradeError::Refused(format!(
            "the roots of releases ({RELEASE_ROOTS}, updates.roots_file) cannot be used: {error}"
        ))),
    }
}

/// Writes what RAUC reads.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn render(disk: &Disk, config: &Config) -> Result<(), UpgradeError> {
    // Of each root the newest list of what it revoked.
    let keyring = keyring(disk, config)?.map_or_else(String::new, |keyring| keyring.to_pem());
    let ca = config.updates.ca_file.as_ref();
    let ca = ca.map_or(AUTHORITIES.to_owned(), |path| path.display().to_string());
    let text = CONFIGURATION
        .replace("@COMPATIBLE@", COMPATIBLE)
        .replace("@KEYRING@", RAUC_KEYRING)
        // Asked for a list that is not there, nothing would be taken at all.
        .replace(
            "@CRL@",
            if keyring.contains(LIST) {
                "true"
            } else {
                "false"
            },
        )
        .replace("@AUTHORITIES@", &ca);
    disk.directory(RUN_DIR, Access::root(0o755))?;
    disk.directory(RAUC_RUN_DIR, Access::root(0o755))?;
    disk.write(RAUC_KEYRING, keyring.as_bytes(), Access::root(0o644))?;
    disk.write(RAUC_CONF, text.as_bytes(), Access::root(0o644))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use onebox_release::keys::{Revocations, Root};
    use std::fs;
    use time::OffsetDateTime;

    fn root(name: &str, now: OffsetDateTime) -> (Root, String) {
        let root = Root::new(name, time::Duration::days(9), now).unwrap();
        let list = Revocations {
            number: 1,
            next_update: now + time::Duration::days(9),
            revoked: Vec::new(),
        };
        let list = root.revocations(&list, now).unwrap();
        (root, list)
    }

    #[test]
    fn the_images_roots_and_the_operators_are_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        let now = OffsetDateTime::now_utc();
        let ((one, _), (two, list)) = (root("one", now), root("two", now));
        let mut config = Config::default();
        // Without anybody RAUC still starts, and takes nothing.
        render(&disk, &config).unwrap();
        let kept = |path: &str| fs::read_to_string(disk.path(path)).unwrap();
        assert_eq!(kept(RAUC_KEYRING), "");
        fs::create_dir_all(disk.path(RELEASE_ROOTS)).unwrap();
        fs::write(
            disk.path(&format!("{RELEASE_ROOTS}/one.pem")),
            one.certificate(),
        )
        .unwrap();
        fs::write(disk.path(&format!("{RELEASE_ROOTS}/README")), "no").unwrap();
        render(&disk, &config).unwrap();
        assert_eq!(kept(RAUC_KEYRING).matches(CERTIFICATE).count(), 1);
        assert!(kept(RAUC_CONF).contains("check-crl=false"));
        config.updates.roots_file = Some("/var/lib/onebox/roots.pem".into());
        let error = render(&disk, &config).unwrap_err().to_string();
        assert!(error.contains("updates.roots_file"), "{error}");
        fs::create_dir_all(disk.path("/var/lib/onebox")).unwrap();
        let file = disk.path("/var/lib/onebox/roots.pem");
        fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
        let error = render(&disk, &config).unwrap_err().to_string();
        assert!(error.contains("updates.roots_file"), "{error}");
        fs::write(&file, two.certificate()).unwrap();
        fs::create_dir_all(disk.path("/var/lib/onebox-upgrades")).unwrap();
        fs::write(disk.path(REVOKED), list).unwrap();
        render(&disk, &config).unwrap();
        let text = kept(RAUC_KEYRING);
        assert_eq!(
            (
                text.matches(CERTIFICATE).count(),
                text.matches(LIST).count()
            ),
            (2, 1)
        );
        assert!(kept(RAUC_CONF).contains("check-crl=true"));
    }
}

//! Which files are in the directories of keys and of a release.

use std::path::{Path, PathBuf};

use onebox_release::digest;
use onebox_release::keyring::{Freshness, Keyring};
use onebox_release::keys::{Revocations, Root, Signer};
use onebox_release::{COMPATIBLE, Release};
use time::OffsetDateTime;

use super::files;
use super::trouble::{At as _, Trouble};

/// The root's certificate, in its directory.
pub(super) const ROOT: &str = "root.pem";
/// The root's private key.
pub(super) const ROOT_KEY: &str = "root-key.pem";
/// The root's list of revoked certificates.
pub(super) const REVOCATIONS: &str = "crl.pem";
/// Copies of what the root issued, by serial number.
pub(super) const ISSUED: &str = "issued";
/// Root and list in one file, in both directories: what boxes are given.
pub(super) const KEYRING: &str = "keyring.pem";
/// A signer's certificate, in its directory.
pub(super) const SIGNING: &str = "signing.pem";
/// A signer's private key.
pub(super) const SIGNING_KEY: &str = "signing-key.pem";
/// What a signer asks the root to certify.
pub(super) const REQUEST: &str = "request.pem";

/// A release's manifest, in its directory.
pub(super) const RELEASE: &str = "release.json";
/// Its bill of materials.
pub(super) const SBOM: &str = "sbom.cdx.json";
/// RAUC's manifest.
pub(super) const MANIFEST: &str = "manifest.raucm";
/// The image of a slot.
pub(super) const IMAGE: &str = "rootfs.img";

/// The root of a directory.
pub(super) fn root(dir: &Path) -> Result<Root, Trouble> {
    let path = dir.join(ROOT);
    let certificate = files::text(&path)?;
    let key = files::text(&dir.join(ROOT_KEY))?;
    Root::load(&certificate, &key).map_err(|source| Trouble::Key { path, source })
}

/// The root's list of revoked certificates.
pub(super) fn revocations(dir: &Path) -> Result<Revocations, Trouble> {
    let path = dir.join(REVOCATIONS);
    Revocations::parse(&files::text(&path)?).map_err(|source| Trouble::Key { path, source })
}

/// A keyring's file.
pub(super) fn keyring(path: &Path) -> Result<Keyring, Trouble> {
    Keyring::parse(&files::text(path)?).map_err(|source| Trouble::Keyring {
        path: path.to_owned(),
        source,
    })
}

/// Who signs: one signer, or two while a root is replaced; and whom boxes will
/// believe.
pub(super) struct Signers {
    /// Their keys.
    pub(super) signers: Vec<Signer>,
    /// Their keyrings as one.
    pub(super) keyring: Keyring,
}

/// Reads signers, and makes sure that boxes would believe them now.
pub(super) fn signers(dirs: &[PathBuf], now: OffsetDateTime) -> Result<Signers, Trouble> {
    let mut signers = Vec::new();
    let mut joined: Option<Keyring> = None;
    for dir in dirs {
        let path = dir.join(SIGNING);
        let certificate = files::text(&path)?;
        let key = files::text(&dir.join(SIGNING_KEY))?;
        let signer = Signer::load(&certificate, &key, now).map_err(|source| Trouble::Key {
            path: path.clone(),
            source,
        })?;
        let ring_path = dir.join(KEYRING);
        let ring = keyring(&ring_path)?;
        let wrong = |source| Trouble::Keyring {
            path: ring_path.clone(),
            source,
        };
        let der = signer.certificate_der().map_err(Trouble::Keys)?;
        ring.check(&der, Freshness::Required, now).map_err(wrong)?;
        match &mut joined {
            Some(joined) => joined.join(&ring).map_err(wrong)?,
            None => joined = Some(ring),
        }
        signers.push(signer);
    }
    let keyring = match joined {
        Some(keyring) => keyring,
        None => Keyring::parse("").map_err(|source| Trouble::Keyring {
            path: PathBuf::new(),
            source,
        })?,
    };
    Ok(Signers { signers, keyring })
}

/// A release's manifest.
pub(super) fn release(path: &Path) -> Result<Release, Trouble> {
    let release = Release::parse(&files::bytes(path)?).map_err(|source| Trouble::Release {
        path: path.to_owned(),
        source,
    })?;
    if release.compatible != COMPATIBLE {
        return Err(Trouble::OtherBox {
            path: path.to_owned(),
            found: release.compatible,
        });
    }
    Ok(release)
}

/// Reads the release of a directory, and makes sure that the image is its own.
pub(super) fn release_with_image(dir: &Path) -> Result<Release, Trouble> {
    let (path, image) = (dir.join(RELEASE), dir.join(IMAGE));
    let release = release(&path)?;
    let (size, sha256) = digest::file(&image, |_| {}).at("read", &image)?;
    let why = match &release.image {
        None => "the manifest names no image".to_owned(),
        Some(named) if named.size == size && named.sha256 == sha256 => return Ok(release),
        Some(named) => format!(
            "the manifest names {} bytes with SHA-256 {}, it has {size} with {sha256}",
            named.size, named.sha256
        ),
    };
    Err(Trouble::Mixed {
        file: image,
        release: path,
        why,
    })
}

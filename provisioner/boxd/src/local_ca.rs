//! The box's own authority: what it serves with until an authority that the
//! world knows gives a certificate, and for good in a VM or without Internet.
//!
//! Its root is made once, so that whoever trusts it has to do so once; the
//! certificates that it signs change with the names. The root's key stays on
//! the box and can be read by root alone: who has it could sign for any name,
//! so the root belongs into the store of people who look after this box only.

use crate::disk::{Access, Disk, DiskError};
use onebox_model::paths::{LOCAL_CA_DIR, LOCAL_CA_KEY, LOCAL_CA_ROOT};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use time::{Duration, OffsetDateTime};

/// Marks a certificate as one of ours: such may be replaced without asking.
pub(crate) const ORGANIZATION: &str = "onebox self-signed";

/// Longer ones are refused by some clients, private roots or not.
const LIFETIME: Duration = Duration::days(397);
/// Whoever trusts a root does not want to do so every year.
const ROOT_LIFETIME: Duration = Duration::days(3650);
/// Clocks of clients run behind.
const BEFORE: Duration = Duration::days(1);

/// A certificate and its key as PEM.
pub(crate) struct Issued {
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum LocalCaError {
    /// A file can't be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// No key or signature came out.
    #[error("no certificate could be made: {0}")]
    Make(#[from] rcgen::Error),
}

/// The authority, ready to sign.
pub(crate) struct LocalCa {
    issuer: Issuer<'static, KeyPair>,
    root: String,
}

impl LocalCa {
    /// The box's authority; one is made when there is none that works.
    pub(crate) fn open(disk: &Disk, now: OffsetDateTime) -> Result<Self, LocalCaError> {
        match Self::stored(disk, now)? {
            Some(stored) => Ok(stored),
            None => Self::make(disk, now),
        }
    }

    fn stored(disk: &Disk, now: OffsetDateTime) -> Result<Option<Self>, LocalCaError> {
        let (root, key) = (disk.read(LOCAL_CA_ROOT)?, disk.read(LOCAL_CA_KEY)?);
        let Some((root, key)) = root.zip(key) else {
            return Ok(None);
        };
        let works = crate::pair::look(Some(&root), Some(&key));
        let crate::pair::Pair::Good(facts) = works else {
            return Ok(None);
        };
        // Made while the clock was wrong, or too old for what it is to sign.
        if now < facts.not_before || now + LIFETIME > facts.not_after {
            return Ok(None);
        }
        let (root, key) = (text(root), text(key));
        let issuer = KeyPair::from_pem(&key).and_then(|key| Issuer::from_ca_cert_pem(&root, key));
        Ok(issuer.ok().map(|issuer| Self { issuer, root }))
    }

    /// The key before the root: a key alone is made anew.
    fn make(disk: &Disk, now: OffsetDateTime) -> Result<Self, LocalCaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new([])?;
        let mut subject = DistinguishedName::new();
        // So that roots of several boxes are told apart in a list.
        let made = now.date();
        subject.push(DnType::CommonName, format!("onebox root of {made}"));
        subject.push(DnType::OrganizationName, ORGANIZATION);
        params.distinguished_name = subject;
        params.not_before = now - BEFORE;
        params.not_after = params.not_before + ROOT_LIFETIME;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = params.self_signed(&key)?.pem();
        disk.directory(LOCAL_CA_DIR, Access::root(0o755))?;
        disk.write(
            LOCAL_CA_KEY,
            key.serialize_pem().as_bytes(),
            Access::root(0o600),
        )?;
        disk.write(LOCAL_CA_ROOT, root.as_bytes(), Access::root(0o644))?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            root,
        })
    }

    /// A certificate for names, and the root behind it.
    pub(crate) fn issue(
        &self,
        names: &[String],
        now: OffsetDateTime,
    ) -> Result<Issued, LocalCaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(names.to_vec())?;
        let mut subject = DistinguishedName::new();
        // A common name has 64 letters at most (RFC 5280, A.1); nobody reads it.
        let common_name = names.iter().find(|name| name.len() <= 64);
        let common_name = common_name.map_or("onebox", String::as_str);
        subject.push(DnType::CommonName, common_name);
        subject.push(DnType::OrganizationName, ORGANIZATION);
        params.distinguished_name = subject;
        params.not_before = now - BEFORE;
        params.not_after = params.not_before + LIFETIME;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            chain: certificate.pem() + &self.root,
            key: key.serialize_pem(),
        })
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use crate::acme::check;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_root_is_made_once_and_what_it_signs_is_believed() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        let now = OffsetDateTime::now_utc();
        let first = LocalCa::open(&disk, now).unwrap();
        let again = LocalCa::open(&disk, now + Duration::days(300)).unwrap();
        assert_eq!(first.root, again.root);
        let names = ["shop.example".to_owned(), "::1".to_owned()];
        let issued = again.issue(&names, now).unwrap();
        check::issued(&issued.chain, &issued.key, &names, now).unwrap();
        let mode = |path| {
            let meta = std::fs::metadata(disk.path(path)).unwrap();
            meta.permissions().mode() & 0o777
        };
        assert_eq!((mode(LOCAL_CA_KEY), mode(LOCAL_CA_ROOT)), (0o600, 0o644));
    }

    #[test]
    fn a_root_that_has_lost_its_key_or_ends_soon_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        let now = OffsetDateTime::now_utc();
        let first = LocalCa::open(&disk, now).unwrap().root;
        let late = LocalCa::open(&disk, now + Duration::days(3400)).unwrap();
        assert_ne!(first, late.root);
        std::fs::remove_file(disk.path(LOCAL_CA_KEY)).unwrap();
        let anew = LocalCa::open(&disk, now).unwrap();
        assert_ne!(anew.root, late.root);
    }
}

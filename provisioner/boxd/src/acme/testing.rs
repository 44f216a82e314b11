//! Authorities for tests.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// A directory in memory where there is such a place: years of writes would
/// each wait for the disk.
pub(crate) fn directory() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.unwrap()
}

/// A root that signs what it is told to.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    root: String,
}

impl Ca {
    pub(crate) fn new() -> Self {
        Self::named("test root")
    }

    pub(crate) fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.not_before = OffsetDateTime::UNIX_EPOCH;
        params.not_after = OffsetDateTime::UNIX_EPOCH + Duration::days(40_000);
        let root = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            root,
        }
    }

    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// A chain and its key, as PEM.
    pub(crate) fn issue(
        &self,
        names: &[String],
        from: OffsetDateTime,
        lifetime: Duration,
    ) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names.to_vec()).unwrap();
        params.not_before = from;
        params.not_after = from + lifetime;
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let made = params.signed_by(&key, &self.issuer).unwrap();
        (made.pem() + &self.root, key.serialize_pem())
    }
}

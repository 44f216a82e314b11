//! Making a self-signed certificate.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use time::{Duration, OffsetDateTime};

/// Marks a certificate as one of ours: such may be replaced without asking.
pub(super) const ORGANIZATION: &str = "onebox self-signed";

/// Longer ones are refused by some clients, private roots or not.
const LIFETIME: Duration = Duration::days(397);
/// Clocks of clients run behind.
const BEFORE: Duration = Duration::days(1);

/// A certificate and its key as PEM.
pub(super) struct Issued {
    pub(super) chain: String,
    pub(super) key: String,
}

pub(super) fn issue(names: &[String], now: OffsetDateTime) -> Result<Issued, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(names.to_vec())?;
    let mut subject = DistinguishedName::new();
    let common_name = names.first().map_or("onebox", String::as_str);
    subject.push(DnType::CommonName, common_name);
    subject.push(DnType::OrganizationName, ORGANIZATION);
    params.distinguished_name = subject;
    params.not_before = now - BEFORE;
    params.not_after = params.not_before + LIFETIME;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key)?;
    Ok(Issued {
        chain: certificate.pem(),
        key: key.serialize_pem(),
    })
}

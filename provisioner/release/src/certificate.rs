//! Certificates of release keys, looked at field by field.
//!
//! The profile is small on purpose: a root, and what it issued directly; ECDSA
//! on P-256 with SHA-256 and nothing else. What is not in the profile is refused.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::OID_SIG_ECDSA_WITH_SHA256;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::digest::hex;

/// A certificate is not what it is used as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It is no certificate.
    #[error("a certificate is damaged: {0}; take the file anew from where it was made")]
    Damaged(String),
    /// It is none that `boxctl release keys` makes.
    #[error("the certificate of {subject} cannot be used as a {role}: {why}")]
    Purpose {
        /// Whose it is.
        subject: String,
        /// As what.
        role: &'static str,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// It is not yet, or no longer, valid.
    #[error(
        "the certificate of {subject} is valid from {from} to {until}, the clock says {now}: \
         correct the clock, or sign with a new certificate (`boxctl release keys signing`)"
    )]
    Validity {
        /// Whose it is.
        subject: String,
        /// From when.
        from: OffsetDateTime,
        /// Until when.
        until: OffsetDateTime,
        /// The moment that was asked for.
        now: OffsetDateTime,
    },
}

/// What people want to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Described {
    /// Whose it is.
    pub subject: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// From when it is valid.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(CertificateError::Damaged("bytes after its end".to_owned())),
        Err(error) => Err(CertificateError::Damaged(error.to_string())),
    }
}

pub(crate) fn describe(certificate: &X509Certificate<'_>) -> Described {
    Described {
        subject: subject(certificate),
        serial: serial(certificate.raw_serial()),
        from: certificate.validity().not_before.to_datetime(),
        until: certificate.validity().not_after.to_datetime(),
    }
}

/// Without the zero that DER puts before a high bit.
pub(crate) fn serial(bytes: &[u8]) -> String {
    match bytes {
        [0, rest @ ..] if !rest.is_empty() => hex(rest),
        all => hex(all),
    }
}

pub(crate) fn subject(certificate: &X509Certificate<'_>) -> String {
    let name = certificate.subject();
    let common = name.iter_common_name().next();
    common
        .and_then(|name| name.as_str().ok())
        .map_or_else(|| name.to_string(), str::to_owned)
}

fn refuse(
    certificate: &X509Certificate<'_>,
    role: &'static str,
    why: &'static str,
) -> CertificateError {
    CertificateError::Purpose {
        subject: subject(certificate),
        role,
        why,
    }
}

/// Whether `key`'s owner signed `message`.
pub(crate) fn signed(key: &X509Certificate<'_>, message: &[u8], signature: &[u8]) -> bool {
    // The type of the key is in the bytes: only a point of P-256 is taken.
    let bytes = &key.public_key().subject_public_key.data;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, bytes)
        .verify(message, signature)
        .is_ok()
}

/// Whether `root` issued `certificate`.
pub(crate) fn issued(root: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == root.subject().as_raw()
        && certificate.signature_algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA256
        && signed(
            root,
            certificate.tbs_certificate.as_ref(),
            &certificate.signature_value.data,
        )
}

/// Whether `root` made `list`.
pub(crate) fn listed(root: &X509Certificate<'_>, list: &CertificateRevocationList<'_>) -> bool {
    list.issuer().as_raw() == root.subject().as_raw()
        && list.signature_algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA256
        && signed(
            root,
            list.tbs_cert_list.as_ref(),
            &list.signature_value.data,
        )
}

/// Whether it may issue, as far as it says so itself.
pub(crate) fn check_root(certificate: &X509Certificate<'_>) -> Result<(), CertificateError> {
    let ca = certificate.basic_constraints().ok().flatten();
    if !ca.is_some_and(|ca| ca.value.ca) {
        let why =
            "it may not issue certificates; put the root's into the keyring, not the signer's";
        return Err(refuse(certificate, "root", why));
    }
    let usage = certificate.key_usage().ok().flatten();
    if !usage.is_some_and(|usage| usage.value.key_cert_sign() && usage.value.crl_sign()) {
        let why = "it may not sign certificates and revocations; make one with `boxctl release keys init`";
        return Err(refuse(certificate, "root", why));
    }
    Ok(())
}

/// Whether it may sign releases, at this time.
pub(crate) fn check_signer(
    certificate: &X509Certificate<'_>,
    now: OffsetDateTime,
) -> Result<(), CertificateError> {
    const ROLE: &str = "signer of releases";
    const MAKE: &str = "make one with `boxctl release keys signing`";
    let known = |extension: &ParsedExtension<'_>| {
        matches!(
            extension,
            ParsedExtension::BasicConstraints(_)
                | ParsedExtension::KeyUsage(_)
                | ParsedExtension::ExtendedKeyUsage(_)
        )
    };
    if certificate
        .extensions()
        .iter()
        .any(|one| one.critical && !known(one.parsed_extension()))
    {
        let why =
            "it has a critical extension that this program does not know; install a newer one";
        return Err(refuse(certificate, ROLE, why));
    }
    let ca = certificate.basic_constraints().ok().flatten();
    if ca.is_some_and(|ca| ca.value.ca) {
        return Err(refuse(certificate, ROLE, "it is a root's"));
    }
    let usage = certificate.key_usage().ok().flatten();
    if !usage.is_some_and(|usage| usage.value.digital_signature()) {
        return Err(refuse(certificate, ROLE, MAKE));
    }
    let purpose = certificate.extended_key_usage().ok().flatten();
    if !purpose.is_some_and(|purpose| purpose.value.code_signing) {
        return Err(refuse(certificate, ROLE, MAKE));
    }
    let described = describe(certificate);
    if now < described.from || now > described.until {
        return Err(CertificateError::Validity {
            subject: described.subject,
            from: described.from,
            until: described.until,
            now,
        });
    }
    Ok(())
}

//! Keys: an offline root, what it issues, and the list of what it takes back.
//!
//! Everything is PEM text; who calls keeps the private ones apart and never
//! prints them. Keys are ECDSA on P-256, which RAUC, OpenSSL and PKCS#11 tokens
//! all have.

use aws_lc_rs::rand;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams,
    CertificateSigningRequestParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, RevokedCertParams,
    SerialNumber,
};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::certificate::{self, CertificateError, Described};
use crate::digest::hex;
use crate::pem;

/// Clocks of boxes may be behind the maker's by this much.
const SKEW: Duration = Duration::hours(1);

/// A key or certificate cannot be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// What a file holds is not understood.
    #[error("the {what} cannot be read: {why}; take it anew from where it was made")]
    Read {
        /// Key, certificate, request or list.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A key and a certificate are not of each other.
    #[error("the key is not that of the certificate {subject}: put the right key beside it")]
    OtherKey {
        /// The certificate's owner.
        subject: String,
    },
    /// A certificate is not what it must be.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Something could not be made.
    #[error("cannot make the {what}: {source}")]
    Make {
        /// Which.
        what: &'static str,
        /// The reason.
        #[source]
        source: rcgen::Error,
    },
    /// The system has no random numbers.
    #[error("the system gives no random numbers: wait until it has started, and try again")]
    Random,
}

fn make(what: &'static str) -> impl FnOnce(rcgen::Error) -> KeyError {
    move |source| KeyError::Make { what, source }
}

fn unreadable(what: &'static str) -> impl FnOnce(rcgen::Error) -> KeyError {
    move |error| KeyError::Read {
        what,
        why: error.to_string(),
    }
}

/// The root: it issues and revokes, and signs nothing else. Its key stays
/// offline.
#[derive(Debug)]
pub struct Root {
    certificate: String,
    der: Vec<u8>,
    key: KeyPair,
}

/// One taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Serial number, big-endian.
    pub serial: Vec<u8>,
    /// When.
    pub at: OffsetDateTime,
}

/// A list of revoked certificates, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocations {
    /// Rises with every list of a root.
    pub number: u64,
    /// When the next one is due: from then on this one is not believed.
    pub next_update: OffsetDateTime,
    /// What is revoked.
    pub revoked: Vec<Revoked>,
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

/// A positive number of 127 bits that nobody can guess.
fn serial() -> Result<SerialNumber, KeyError> {
    let mut bytes = random::<16>()?;
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Ok(SerialNumber::from_slice(&bytes))
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// A key as a private PEM text.
///
/// # Errors
/// When the system has no random numbers.
pub fn new_key() -> Result<String, KeyError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(make("key"))?;
    Ok(key.serialize_pem())
}

fn read_key(text: &str) -> Result<KeyPair, KeyError> {
    let key = KeyPair::from_pem(text).map_err(unreadable("key"))?;
    if !key.is_compatible(&PKCS_ECDSA_P256_SHA256) {
        let why = "it is not of ECDSA on P-256".to_owned();
        return Err(KeyError::Read { what: "key", why });
    }
    Ok(key)
}

/// The DER of the only certificate of a text.
fn one_certificate(text: &str) -> Result<Vec<u8>, KeyError> {
    let what = "certificate";
    let blocks = pem::decode(text).map_err(|why| KeyError::Read { what, why })?;
    let mut found = blocks
        .into_iter()
        .filter(|(label, _)| label == pem::CERTIFICATE);
    match (found.next(), found.next()) {
        (Some((_, der)), None) => Ok(der),
        _ => Err(KeyError::Read {
            what,
            why: "the file must hold one".to_owned(),
        }),
    }
}

fn paired(der: &[u8], key: &KeyPair) -> Result<(), KeyError> {
    let parsed = certificate::parse(der)?;
    if parsed.public_key().subject_public_key.data.as_ref() == key.public_key_raw() {
        return Ok(());
    }
    Err(KeyError::OtherKey {
        subject: certificate::subject(&parsed),
    })
}

/// What a certificate says.
///
/// # Errors
/// When the text is not one certificate.
pub fn describe(certificate: &str) -> Result<Described, KeyError> {
    let der = one_certificate(certificate)?;
    Ok(certificate::describe(&certificate::parse(&der)?))
}

/// A request for a certificate, of a key that stays where it is.
///
/// # Errors
/// When the key cannot be read.
pub fn request(key: &str, name: &str) -> Result<String, KeyError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    let request = params
        .serialize_request(&read_key(key)?)
        .map_err(make("request"))?;
    request.pem().map_err(make("request"))
}

impl Root {
    /// A new root, valid from now. Its name gets a random part: two roots of one
    /// name could not be told apart.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn new(name: &str, valid: Duration, now: OffsetDateTime) -> Result<Self, KeyError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(make("key"))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(&format!("{name} {}", hex(&random::<4>()?)));
        params.serial_number = Some(serial()?);
        params.not_before = now - SKEW;
        params.not_after = now + valid;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(make("root"))?;
        Ok(Self {
            certificate: certificate.pem(),
            der: certificate.der().to_vec(),
            key,
        })
    }

    /// A root from its files.
    ///
    /// # Errors
    /// When they are damaged, not of each other, or not of a root.
    pub fn load(certificate: &str, key: &str) -> Result<Self, KeyError> {
        let der = one_certificate(certificate)?;
        let key = read_key(key)?;
        certificate::check_root(&certificate::parse(&der)?)?;
        paired(&der, &key)?;
        Ok(Self {
            certificate: certificate.to_owned(),
            der,
            key,
        })
    }

    /// Its certificate, which boxes have in their keyring.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Its private key.
    #[must_use]
    pub fn key(&self) -> String {
        self.key.serialize_pem()
    }

    fn issuer(&self) -> Result<Issuer<'_, &KeyPair>, KeyError> {
        Issuer::from_ca_cert_pem(&self.certificate, &self.key).map_err(unreadable("root"))
    }

    /// Issues a certificate for signing releases to the key of a request. Of the
    /// request only the key counts, and that its owner signed it.
    ///
    /// # Errors
    /// When the request cannot be read.
    pub fn certify(
        &self,
        request: &str,
        name: &str,
        valid: Duration,
        now: OffsetDateTime,
    ) -> Result<String, KeyError> {
        let asked =
            CertificateSigningRequestParams::from_pem(request).map_err(unreadable("request"))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name);
        params.serial_number = Some(serial()?);
        params.not_before = now - SKEW;
        params.not_after = now + valid;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // OpenSSL's CMS asks for the first one unless it is told a purpose,
        // RAUC's `check-purpose=codesign` and this crate for the second.
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::EmailProtection,
            ExtendedKeyUsagePurpose::CodeSigning,
        ];
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(&asked.public_key, &self.issuer()?)
            .map_err(make("certificate"))?;
        Ok(certificate.pem())
    }

    /// The list of all that is revoked. `number` must be higher than that of the
    /// list before.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn revocations(&self, list: &Revocations, now: OffsetDateTime) -> Result<String, KeyError> {
        let params = CertificateRevocationListParams {
            this_update: now - SKEW,
            next_update: list.next_update,
            crl_number: SerialNumber::from(list.number),
            issuing_distribution_point: None,
            revoked_certs: list
                .revoked
                .iter()
                .map(|one| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&one.serial),
                    revocation_time: one.at,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params
            .signed_by(&self.issuer()?)
            .map_err(make("list of revoked certificates"))?;
        list.pem().map_err(make("list of revoked certificates"))
    }

    /// Whether it issued a certificate.
    ///
    /// # Errors
    /// When one of them is damaged.
    pub fn issued(&self, certificate: &str) -> Result<bool, KeyError> {
        let der = one_certificate(certificate)?;
        let root = certificate::parse(&self.der)?;
        Ok(certificate::issued(&root, &certificate::parse(&der)?))
    }
}

impl Revocations {
    /// Reads a list; who made it is not checked here.
    ///
    /// # Errors
    /// When the text is not one list.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let what = "list of revoked certificates";
        let wrong = |why: String| KeyError::Read { what, why };
        let blocks = pem::decode(text).map_err(wrong)?;
        let der = match blocks.as_slice() {
            [(label, der)] if label == pem::REVOCATIONS => der,
            _ => return Err(wrong("the file must hold one".to_owned())),
        };
        let (_, list) =
            CertificateRevocationList::from_der(der).map_err(|error| wrong(error.to_string()))?;
        let number = list.crl_number().map(|number| number.to_u64_digits());
        let number = match number.as_deref() {
            Some([]) => 0,
            Some([number]) => *number,
            _ => return Err(wrong("its number is missing or too large".to_owned())),
        };
        let next_update = list
            .next_update()
            .ok_or_else(|| wrong("it does not say when the next one is due".to_owned()))?;
        Ok(Self {
            number,
            next_update: next_update.to_datetime(),
            revoked: list
                .iter_revoked_certificates()
                .map(|one| Revoked {
                    serial: one.serial().to_bytes_be(),
                    at: one.revocation_date.to_datetime(),
                })
                .collect(),
        })
    }

    /// Whether a serial number, in hexadecimal, is in it.
    #[must_use]
    pub fn contains(&self, serial: &str) -> bool {
        self.revoked.iter().any(|one| hex(&one.serial) == serial)
    }
}

/// A key with the certificate that says what it is good for.
#[derive(Debug)]
pub struct Signer {
    pub(crate) certificate: String,
    pub(crate) key: KeyPair,
}

impl Signer {
    /// A signer from its files.
    ///
    /// # Errors
    /// When they are damaged, not of each other, or not for signing at this time.
    pub fn load(certificate: &str, key: &str, now: OffsetDateTime) -> Result<Self, KeyError> {
        let der = one_certificate(certificate)?;
        let key = read_key(key)?;
        certificate::check_signer(&certificate::parse(&der)?, now)?;
        paired(&der, &key)?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key,
        })
    }

    /// Its certificate in DER.
    ///
    /// # Errors
    /// When it is damaged, which loading excludes.
    pub fn certificate_der(&self) -> Result<Vec<u8>, KeyError> {
        one_certificate(&self.certificate)
    }
}

/// Serial number of a certificate as bytes, for [`Revoked`].
///
/// # Errors
/// When the text is not one certificate.
pub fn serial_of(certificate: &str) -> Result<Vec<u8>, KeyError> {
    let der = one_certificate(certificate)?;
    let parsed = certificate::parse(&der)?;
    Ok(parsed.serial.to_bytes_be())
}

//! Signatures beside a file: who signed its bytes, and that it was so.
//!
//! There may be several, so that while a root is replaced, boxes that only know
//! the old one and boxes that only know the new one believe the same file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::SigningKey as _;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::certificate::{self, CertificateError};
use crate::keyring::{Freshness, Keyring, KeyringError};
use crate::keys::{KeyError, Signer};
use crate::pem;

/// The newest form that this program reads, and the one it writes.
pub const FORMAT: u32 = 1;
/// ECDSA on P-256 with SHA-256, the signature in DER.
const ALGORITHM: &str = "ecdsa-p256-sha256";
/// Bytes that are read at most: a few certificates and lists.
pub const LIMIT: usize = 1 << 20;

/// The file with the signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatures {
    /// Form of the file.
    pub format: u32,
    /// At least one.
    pub signatures: Vec<Signature>,
    /// The roots' newest lists of revoked certificates as PEM: boxes learn here
    /// what their image does not know yet.
    #[serde(default)]
    pub revocations: String,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// How it is made.
    pub algorithm: String,
    /// The signer's certificate as PEM.
    pub certificate: String,
    /// The signature in Base64.
    pub signature: String,
}

/// A file is not signed by whom this machine believes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The signature is no signature.
    #[error("the signature is damaged: {0}; download it again")]
    Damaged(String),
    /// It is written for newer programs.
    #[error(
        "the signature's format is {found}, this program reads up to {FORMAT}: install a newer \
         release by hand"
    )]
    Newer {
        /// Its format.
        found: u64,
    },
    /// It has no signature in it.
    #[error("the file is not signed: take it from who made this box's release")]
    Unsigned,
    /// It is made in another way.
    #[error("the signature is made by {0:?}, this program knows {ALGORITHM}: install a newer one")]
    Algorithm(String),
    /// The file is not what was signed.
    #[error(
        "the signature by {signer} is not of this file: one of the two was changed, or they were \
         published while they were read; download both again"
    )]
    Mismatch {
        /// Whose signature it says to be.
        signer: String,
    },
    /// Its signer is not believed.
    #[error(transparent)]
    Signer(#[from] KeyringError),
    /// It could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[derive(Deserialize)]
struct Head {
    format: u64,
}

/// Signs bytes; `revocations` of the keyring go along.
///
/// # Errors
/// When a key fails.
pub fn sign(
    bytes: &[u8],
    signers: &[Signer],
    keyring: &Keyring,
) -> Result<Signatures, SignatureError> {
    let mut signatures = Vec::new();
    for signer in signers {
        let signature = signer.key.sign(bytes).map_err(|source| KeyError::Make {
            what: "signature",
            source,
        })?;
        signatures.push(Signature {
            algorithm: ALGORITHM.to_owned(),
            certificate: signer.certificate.clone(),
            signature: STANDARD.encode(signature),
        });
    }
    Ok(Signatures {
        format: FORMAT,
        signatures,
        revocations: keyring.lists_pem(),
    })
}

impl Signatures {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is damaged, too large, newer than this program, or empty.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        let damaged = |error: serde_json::Error| SignatureError::Damaged(error.to_string());
        if bytes.len() > LIMIT {
            let why = format!("it has {} bytes, more than {LIMIT}", bytes.len());
            return Err(SignatureError::Damaged(why));
        }
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.format > u64::from(FORMAT) {
            return Err(SignatureError::Newer { found: head.format });
        }
        let signatures: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        if signatures.signatures.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        Ok(signatures)
    }

    /// Checks that one of the signatures is of `bytes` and by a signer that the
    /// keyring vouches for at this time. The keyring should have
    /// [`Keyring::adopt`]ed [`Self::revocations`] before.
    ///
    /// # Errors
    /// With what is wrong; of several signatures, with the fault of one whose
    /// root is known.
    pub fn check(
        &self,
        bytes: &[u8],
        keyring: &Keyring,
        freshness: Freshness,
        now: OffsetDateTime,
    ) -> Result<(), SignatureError> {
        let mut fault = SignatureError::Unsigned;
        for signature in &self.signatures {
            match signature.check(bytes, keyring, freshness, now) {
                Ok(()) => return Ok(()),
                Err(found) => {
                    let stranger =
                        matches!(found, SignatureError::Signer(KeyringError::WrongKey { .. }));
                    if !stranger || matches!(fault, SignatureError::Unsigned) {
                        fault = found;
                    }
                }
            }
        }
        Err(fault)
    }
}

impl Signature {
    fn check(
        &self,
        bytes: &[u8],
        keyring: &Keyring,
        freshness: Freshness,
        now: OffsetDateTime,
    ) -> Result<(), SignatureError> {
        if self.algorithm != ALGORITHM {
            return Err(SignatureError::Algorithm(self.algorithm.clone()));
        }
        let blocks = pem::decode(&self.certificate).map_err(SignatureError::Damaged)?;
        let [(label, der)] = blocks.as_slice() else {
            let why = "it must have the signer's certificate".to_owned();
            return Err(SignatureError::Damaged(why));
        };
        if label != pem::CERTIFICATE {
            return Err(SignatureError::Damaged(format!(
                "{label} is no certificate"
            )));
        }
        keyring.check(der, freshness, now)?;
        let certificate = certificate::parse(der).map_err(KeyringError::from)?;
        let signature = STANDARD
            .decode(&self.signature)
            .map_err(|error| SignatureError::Damaged(error.to_string()))?;
        if certificate::signed(&certificate, bytes, &signature) {
            return Ok(());
        }
        Err(SignatureError::Mismatch {
            signer: certificate::subject(&certificate),
        })
    }
}

impl From<CertificateError> for SignatureError {
    fn from(error: CertificateError) -> Self {
        Self::Signer(error.into())
    }
}

//! The form of a sealed secret: a version (1), the key's id (4 bytes), a random
//! nonce (12), and the secret encrypted with AES-256-GCM (NIST SP 800-38D) with
//! its tag (16). Version, id and the place are authenticated with it.
//!
//! Nonces are random: below 2^32 secrets of a key, two alike are less likely
//! than one in 2^32.

use super::place::Spot;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use onebox_model::seal_keys::ID_BYTES;
use onebox_model::{SealKey, SealKeyId};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const HEAD: usize = 1 + ID_BYTES;
const TAG: usize = 16;

/// A key in the form the library wants.
pub(super) struct Key {
    pub(super) id: SealKeyId,
    key: RandomizedNonceKey,
}

/// A secret cannot be sealed.
#[derive(Debug, thiserror::Error)]
#[error("{0} cannot be sealed: the cryptography library refuses")]
pub struct SealError(pub Spot);

/// A sealed secret cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The bytes are of another form.
    #[error(
        "{0} is sealed in a form that this release does not know; a newer one wrote it, or it is damaged"
    )]
    Form(Spot),
    /// Its key is not there.
    #[error(
        "{spot} is sealed with the key {id}, which is not in {}: put that key's line back into the file and start the service again", file.display()
    )]
    NoKey {
        /// Whose.
        spot: Spot,
        /// Which key.
        id: SealKeyId,
        /// The file with the keys there are.
        file: PathBuf,
    },
    /// It was changed, or belongs to another row.
    #[error(
        "{spot} does not open with the key {id}: it was changed, or copied there from another row"
    )]
    Refused {
        /// Whose.
        spot: Spot,
        /// Which key.
        id: SealKeyId,
    },
}

impl Key {
    /// `None` when the library refuses.
    pub(super) fn of(key: &SealKey) -> Option<Self> {
        let id = key.id();
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.expose()).ok()?;
        Some(Self { id, key })
    }

    pub(super) fn seal(&self, spot: Spot, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let head = head(self.id);
        // Room for the tag: bytes that move would leave the secret behind.
        let mut body = Vec::with_capacity(secret.len() + TAG);
        body.extend_from_slice(secret);
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(context(&head, spot)), &mut body)
            .map_err(|_| SealError(spot))?;
        Ok([head.as_slice(), nonce.as_ref(), &body].concat())
    }

    pub(super) fn open(&self, spot: Spot, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(OpenError::Form(spot))?;
        let (nonce, body) = rest
            .split_at_checked(NONCE_LEN)
            .ok_or(OpenError::Form(spot))?;
        let refused = |_| OpenError::Refused { spot, id: self.id };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(refused)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .key
            .open_in_place(nonce, Aad::from(context(head, spot)), &mut body)
            .map_err(refused)?
            .len();
        body.truncate(length);
        Ok(body)
    }
}

fn head(id: SealKeyId) -> [u8; HEAD] {
    let mut head = [VERSION; HEAD];
    for (to, from) in head.iter_mut().skip(1).zip(id.0) {
        *to = from;
    }
    head
}

/// What the seal is bound to.
fn context(head: &[u8], spot: Spot) -> Vec<u8> {
    [
        head,
        b"wizamart\0",
        spot.place.name().as_bytes(),
        b"\0",
        spot.row.as_bytes(),
    ]
    .concat()
}

/// Which key a secret is sealed with.
///
/// # Errors
/// When the bytes are of another form.
pub fn key_of(spot: Spot, sealed: &[u8]) -> Result<SealKeyId, OpenError> {
    match sealed {
        [VERSION, a, b, c, d, ..] => Ok(SealKeyId([*a, *b, *c, *d])),
        _ => Err(OpenError::Form(spot)),
    }
}

/// The error of a secret whose key is not in the file.
pub(super) fn no_key(spot: Spot, id: SealKeyId, file: &Path) -> OpenError {
    OpenError::NoKey {
        spot,
        id,
        file: file.to_owned(),
    }
}

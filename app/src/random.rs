//! Randomness and digests, from the process's one cryptography provider.

use aws_lc_rs::{digest, rand};

/// The system gave no randomness. Nothing secret can be made without it.
#[derive(Debug, thiserror::Error)]
#[error("the system gave no randomness; this machine cannot make secrets")]
pub struct NoRandomness;

/// `N` random bytes.
///
/// # Errors
/// When the system gives none.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A number in `0.0..1.0`, for jitter. Without randomness it is 0.5.
#[must_use]
pub fn fraction() -> f64 {
    bytes::<4>().map_or(0.5, |bytes| {
        f64::from(u32::from_le_bytes(bytes)) / 4_294_967_296.0
    })
}

/// A secret of 256 bits as 64 hexadecimal digits.
///
/// # Errors
/// When the system gives no randomness.
pub fn token() -> Result<String, NoRandomness> {
    Ok(hex(&bytes::<32>()?))
}

/// SHA-256 as hexadecimal digits.
#[must_use]
pub fn sha256_hex(data: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, data).as_ref())
}

/// Compares in a time that does not depend on where the texts differ.
#[must_use]
pub fn same(left: &str, right: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_known_one() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, two) = (token().unwrap(), token().unwrap());
        assert_eq!(one.len(), 64);
        assert!(!same(&one, &two));
        assert!(same(&one, &one.clone()));
    }

    #[test]
    fn fractions_stay_below_one() {
        for _ in 0..1000 {
            assert!((0.0..1.0).contains(&fraction()));
        }
    }
}

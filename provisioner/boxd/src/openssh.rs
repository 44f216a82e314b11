//! SSH host keys in OpenSSH's own format (PROTOCOL.key), made in this process:
//! no program to start and to be killed half-way on a first boot.

use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::encoding::Curve25519SeedBin;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

const MAGIC: &[u8] = b"openssh-key-v1\0";
const KIND: &[u8] = b"ssh-ed25519";
const COMMENT: &str = "onebox";
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
/// Padding of an unencrypted key.
const BLOCK: usize = 8;
/// Letters of base64 in a line, as ssh-keygen writes them.
const WIDTH: usize = 70;

/// A key can't be made.
#[derive(Debug, thiserror::Error)]
#[error(
    "the cryptographic library made no SSH host key; without one nobody can log in, reboot to try again"
)]
pub(crate) struct NoKey;

/// The text is not a private key that a server can use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadKey {
    /// Not the format.
    #[error("it is not an OpenSSH private key")]
    Format,
    /// A passphrase would be needed at boot.
    #[error("it is protected by a passphrase")]
    Encrypted,
}

/// The text of a new private key file.
///
/// # Errors
/// When the library's generator refuses.
pub(crate) fn generate() -> Result<String, NoKey> {
    let pair = Ed25519KeyPair::generate().map_err(|_| NoKey)?;
    let seed = pair.seed().map_err(|_| NoKey)?;
    let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| NoKey)?;
    let public = pair.public_key().as_ref();

    let mut blob = Vec::new();
    string(&mut blob, KIND);
    string(&mut blob, public);

    let mut private = Vec::new();
    // Two equal numbers tell a right passphrase; without one they say nothing.
    private.extend_from_slice(&[0; 8]);
    string(&mut private, KIND);
    string(&mut private, public);
    string(&mut private, &[seed.as_ref(), public].concat());
    string(&mut private, COMMENT.as_bytes());
    let missing = private.len().next_multiple_of(BLOCK) - private.len();
    private.extend((1..=u8::MAX).take(missing));

    let mut key = MAGIC.to_vec();
    string(&mut key, b"none");
    string(&mut key, b"none");
    string(&mut key, b"");
    key.extend_from_slice(&1u32.to_be_bytes());
    string(&mut key, &blob);
    string(&mut key, &private);
    Ok(armour(&key))
}

/// The `.pub` line that belongs to a private key file.
///
/// # Errors
/// When the text is no private key, or one with a passphrase.
pub(crate) fn public_of(private: &str) -> Result<String, BadKey> {
    let body: String = private
        .trim()
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .ok_or(BadKey::Format)?
        .split_ascii_whitespace()
        .collect();
    let bytes = BASE64.decode(body).map_err(|_| BadKey::Format)?;
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(BadKey::Format)?;
    if take(&mut rest)? != b"none" {
        return Err(BadKey::Encrypted);
    }
    let (_kdf, _options) = (take(&mut rest)?, take(&mut rest)?);
    rest = rest
        .strip_prefix(&1u32.to_be_bytes())
        .ok_or(BadKey::Format)?;
    let blob = take(&mut rest)?;
    // The private half must be there whole, or a cut file would pass.
    let private = take(&mut rest)?;
    if private.is_empty() || !private.len().is_multiple_of(BLOCK) || !rest.is_empty() {
        return Err(BadKey::Format);
    }
    let mut inner = blob;
    let kind = std::str::from_utf8(take(&mut inner)?).map_err(|_| BadKey::Format)?;
    Ok(format!("{kind} {} {COMMENT}\n", BASE64.encode(blob)))
}

fn string(into: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(bytes);
}

fn take<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], BadKey> {
    let (length, rest) = from.split_first_chunk::<4>().ok_or(BadKey::Format)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| BadKey::Format)?;
    let (taken, rest) = rest.split_at_checked(length).ok_or(BadKey::Format)?;
    *from = rest;
    Ok(taken)
}

fn armour(key: &[u8]) -> String {
    let body = BASE64.encode(key);
    let mut text = format!("{BEGIN}\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(WIDTH).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(END);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    #[test]
    fn two_keys_are_different() {
        assert_ne!(generate().unwrap(), generate().unwrap());
    }

    #[test]
    fn openssh_reads_the_key_and_agrees_on_its_public_half() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let key = generate().unwrap();
        std::fs::write(&path, &key).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let Ok(output) = Command::new("ssh-keygen").arg("-yf").arg(&path).output() else {
            println!("skipped: no ssh-keygen");
            return;
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let public = String::from_utf8(output.stdout).unwrap();
        assert_eq!(public, public_of(&key).unwrap());
    }

    #[test]
    fn a_key_cut_anywhere_is_refused() {
        let key = generate().unwrap();
        for length in 0..key.len() - 1 {
            assert!(public_of(key.get(..length).unwrap()).is_err(), "{length}");
        }
        let body = key.lines().count() - 1;
        let without_last_line: String = key
            .lines()
            .enumerate()
            .filter(|(number, _)| *number != body - 1)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        assert_eq!(public_of(&without_last_line), Err(BadKey::Format));
    }

    #[test]
    fn a_key_with_a_passphrase_is_told_apart() {
        let mut key = MAGIC.to_vec();
        string(&mut key, b"aes256-ctr");
        assert_eq!(public_of(&armour(&key)), Err(BadKey::Encrypted));
    }
}

//! `[ssh]`: who may log in.

mod body;

use crate::config::error::Finding;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// SSH access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ssh {
    /// Public keys that may log in as root.
    pub authorized_keys: Vec<String>,
}

const KEYS: &str = "ssh.authorized_keys";

impl Ssh {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        self.authorized_keys
            .iter()
            .filter_map(|text| text.parse::<PublicKey>().err().map(|why| (text, why)))
            .map(|(text, why)| {
                let fix = "copy the one line of a .pub file, such as ~/.ssh/id_ed25519.pub";
                match why {
                    NotAKey::Private => Finding::hidden(KEYS, &why.to_string(), fix),
                    _ => Finding::new(KEYS, text, &why.to_string(), fix),
                }
            })
            .collect()
    }

    /// The keys; those that are none were refused when the file was loaded.
    pub fn keys(&self) -> impl Iterator<Item = PublicKey> + '_ {
        self.authorized_keys
            .iter()
            .filter_map(|text| text.parse().ok())
    }
}

/// A public key as it may stand in `authorized_keys`: one line, no options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(String);

/// The text is not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// More than one line.
    #[error("a key is one line")]
    Lines,
    /// The beginning of a private key file.
    #[error("this is a private key; it must stay where it is")]
    Private,
    /// A key type that is unknown or no longer safe.
    #[error(
        "it does not begin with a key type this box accepts (ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256/384/521, or their sk- forms)"
    )]
    Type,
    /// The middle part is damaged.
    #[error("the part after the type is not that of such a key; it may be cut off")]
    Body,
}

/// Types with the number of fields that their keys have: the type's name, and
/// what OpenSSH's PROTOCOL files say.
const TYPES: [(&str, usize); 7] = [
    ("ssh-ed25519", 2),
    ("ssh-rsa", 3),
    ("ecdsa-sha2-nistp256", 3),
    ("ecdsa-sha2-nistp384", 3),
    ("ecdsa-sha2-nistp521", 3),
    ("sk-ssh-ed25519@openssh.com", 3),
    ("sk-ecdsa-sha2-nistp256@openssh.com", 4),
];

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(NotAKey::Private);
        }
        if text.chars().any(char::is_control) {
            return Err(NotAKey::Lines);
        }
        let mut parts = text.split_ascii_whitespace();
        let (kind, body) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let (_, count) = TYPES
            .iter()
            .find(|(name, _)| *name == kind)
            .ok_or(NotAKey::Type)?;
        let fields = body::fields(body).unwrap_or_default();
        let of_kind = fields.first().is_some_and(|name| name == kind.as_bytes());
        if of_kind && fields.len() == *count {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAKey::Body)
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUZjYvdyPVu1JmIHUkPEE4aYpTNL1vYqFdzmqnWhlK5 me@laptop";

    #[test]
    fn a_key_from_a_pub_file_passes() {
        assert_eq!(GOOD.parse::<PublicKey>().unwrap().to_string(), GOOD);
        assert!(format!("{GOOD}\n").parse::<PublicKey>().is_ok());
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_reason() {
        let cut = GOOD.get(..60).unwrap();
        // As many letters as before, but what sshd reads ends at the =.
        let padded = GOOD.replace("hlK5", "h=K5");
        let other = GOOD.replace("ssh-ed25519 ", "ssh-rsa ");
        let cases = [
            ("", NotAKey::Type),
            ("ssh-dss AAAAB3NzaC1kc3MAAACB", NotAKey::Type),
            ("command=\"rm -rf /\" ssh-ed25519 AAAA", NotAKey::Type),
            (cut, NotAKey::Body),
            (&padded, NotAKey::Body),
            (&other, NotAKey::Body),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", NotAKey::Private),
            ("ssh-ed25519 AAAA\nssh-ed25519 BBBB", NotAKey::Lines),
        ];
        for (text, why) in cases {
            assert_eq!(text.parse::<PublicKey>(), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_private_key_is_refused_and_not_shown() {
        let ssh = Ssh {
            authorized_keys: vec!["-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2".to_owned()],
        };
        let found = ssh.validate();
        assert_eq!((found.len(), &found[0].value), (1, &None));
    }
}

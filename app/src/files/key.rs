//! Names of stored files.

use crate::domain::ids::VendorId;
use crate::random;
use std::fmt;
use std::str::FromStr;

/// A file's name in a store: plain segments with slashes between them. No
/// segment begins with a dot, so no name leads out of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

/// The text is no file's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no name of a stored file")]
pub struct BadKey(String);

/// Longest name, in bytes; S3 would take 1024, a directory 255 a segment.
const LONGEST: usize = 200;

impl Key {
    /// A new name that nobody can guess, under its vendor. The two digits in
    /// the middle keep directories small.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn random(vendor: VendorId) -> Result<Self, random::NoRandomness> {
        let token = random::token()?;
        let shard = token.get(..2).unwrap_or("00");
        let rest = token.get(..40).unwrap_or(&token);
        Ok(Self(format!("v{vendor}/{shard}/{rest}")))
    }

    /// The name of a small version, `size` pixels wide or high.
    #[must_use]
    pub fn thumbnail(&self, size: u32) -> Self {
        Self(format!("{}-{size}", self.0))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
        };
        let segment =
            |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
        if text.len() <= LONGEST && text.split('/').all(segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadKey(text.chars().take(LONGEST).collect()))
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    proptest! {
        #[test]
        fn no_name_leads_out_of_a_directory(text in "[./a-z%\\\\0-9]{0,24}") {
            if let Ok(key) = text.parse::<Key>() {
                let plain = Path::new(key.as_str()).components().all(|part| matches!(part, Component::Normal(_)));
                prop_assert!(plain && !text.contains('\\') && !text.contains('%'));
            }
        }
    }

    #[test]
    fn names_are_read_back_and_differ() {
        let (one, two) = (
            Key::random(VendorId(7)).unwrap(),
            Key::random(VendorId(7)).unwrap(),
        );
        assert_ne!(one, two);
        assert!(one.as_str().starts_with("v7/"));
        assert_eq!(one.as_str().parse::<Key>().unwrap(), one);
        assert_eq!(one.thumbnail(200).to_string(), format!("{one}-200"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            "", "/", "a//b", "/a", "a/", "..", "a/../b", "a/.b", "A", "a b", "a\0", "é",
        ] {
            assert!(bad.parse::<Key>().is_err(), "{bad:?}");
        }
        assert!("a".repeat(LONGEST + 1).parse::<Key>().is_err());
    }
}

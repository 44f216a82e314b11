//! The file with the keys that seal secrets in the database: its form, which
//! the keeper writes on first boot and the application reads.
//!
//! A line for each key, `ID KEY`, both in hexadecimal digits; empty lines and
//! lines with `#` first are for people. The last key seals, all of them open,
//! so a new key is a line at the end. The id follows from the key, so that a
//! line that was typed from paper is known to be right.

use sha2::{Digest as _, Sha256};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use zeroize::Zeroizing;

/// The name of systemd's credential with the file in it.
pub const CREDENTIAL: &str = "seal-keys";
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a key's id.
pub const ID_BYTES: usize = 4;

/// What the ids are digests of, so that they are of nothing else.
const ID_OF: &[u8] = b"wizamart seal key\0";

const HEAD: &str = "\
# Keys that seal secrets in the database: the last one seals, all of them open.
# Keep a copy apart from backups of the database: neither is of use without the
# other, and without this file second factors cannot be read any more.
";

/// Which key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealKeyId(pub [u8; ID_BYTES]);

/// A key. It has no `Debug` and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey(Zeroizing<[u8; KEY_BYTES]>);

/// A file of keys cannot be used. No text here quotes a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// A line is not one.
    #[error("line {line} of {} is not a key: write its id and its 64 hexadecimal digits", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// An id is another key's.
    #[error("line {line} of {}: the key does not fit its id {id}; a letter of one of them is wrong", file.display())]
    Misfit {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// As written.
        id: SealKeyId,
    },
    /// A key stands there twice.
    #[error("line {line} of {}: the key {id} stands there twice", file.display())]
    Twice {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Of both.
        id: SealKeyId,
    },
    /// There is no key.
    #[error("{} has no key in it", .0.display())]
    Empty(PathBuf),
}

impl SealKey {
    /// Of random bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> SealKeyId {
        let digest = Sha256::new()
            .chain_update(ID_OF)
            .chain_update(*self.0)
            .finalize();
        let mut id = [0; ID_BYTES];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        SealKeyId(id)
    }

    /// The key itself, for using and not for showing.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Its line, with the line's end.
    #[must_use]
    pub fn line(&self) -> Zeroizing<String> {
        use fmt::Write as _;
        // As long as it gets: a string that grows leaves copies behind.
        let mut line = String::with_capacity(2 * (ID_BYTES + KEY_BYTES) + 2);
        // Writing to a String cannot fail.
        let _ = write!(line, "{} ", self.id());
        for byte in self.0.iter() {
            let _ = write!(line, "{byte:02x}");
        }
        line.push('\n');
        Zeroizing::new(line)
    }
}

/// A new file with one key.
#[must_use]
pub fn new_file(key: &SealKey) -> Zeroizing<String> {
    let line = key.line();
    let mut text = String::with_capacity(HEAD.len() + line.len());
    text.push_str(HEAD);
    text.push_str(&line);
    Zeroizing::new(text)
}

/// The keys of a file, in its order; `file` stands for it in errors.
///
/// # Errors
/// When it has no key, or a line that is none.
pub fn parse(text: &str, file: impl Into<PathBuf>) -> Result<Vec<SealKey>, KeyFileError> {
    let file = file.into();
    let mut keys: Vec<SealKey> = Vec::new();
    for (index, text) in text.lines().enumerate() {
        let (line, text) = (index + 1, text.trim());
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (id, key) = read(text).ok_or_else(|| KeyFileError::Line {
            file: file.clone(),
            line,
        })?;
        if key.id() != id {
            return Err(KeyFileError::Misfit { file, line, id });
        }
        if keys.iter().any(|other| other.id() == id) {
            return Err(KeyFileError::Twice { file, line, id });
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(KeyFileError::Empty(file));
    }
    Ok(keys)
}

fn read(line: &str) -> Option<(SealKeyId, SealKey)> {
    let mut words = line.split_whitespace();
    let (id, key) = (words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    unhex(key, bytes.as_mut_slice())?;
    Some((id.parse().ok()?, SealKey(bytes)))
}

fn unhex(text: &str, bytes: &mut [u8]) -> Option<()> {
    let digits = text.as_bytes();
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (pair, byte) in digits.chunks_exact(2).zip(bytes) {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(())
}

/// A text that is no key's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key's id has 8 hexadecimal digits")]
pub struct NoKeyId;

impl FromStr for SealKeyId {
    type Err = NoKeyId;

    fn from_str(text: &str) -> Result<Self, NoKeyId> {
        let mut id = [0; ID_BYTES];
        unhex(text, &mut id).ok_or(NoKeyId)?;
        Ok(Self(id))
    }
}

impl fmt::Display for SealKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SealKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_back(text: &str) -> Result<Vec<SealKeyId>, KeyFileError> {
        let keys = parse(text, "keys")?;
        Ok(keys.iter().map(SealKey::id).collect())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(one: [u8; KEY_BYTES], other: [u8; KEY_BYTES]) {
            prop_assume!(one != other);
            let (one, other) = (SealKey::new(one), SealKey::new(other));
            let text = format!("{}\n  {}", *new_file(&one), *other.line());
            let keys = parse(&text, "keys").unwrap();
            prop_assert!(keys == [one, other]);
        }

        #[test]
        fn a_wrong_digit_is_noticed(bytes: [u8; KEY_BYTES], at in 0..72_usize, digit in 0..16_u32) {
            let line = SealKey::new(bytes).line();
            let at = if at < 8 { at } else { at + 1 };
            let digit = char::from_digit(digit, 16).unwrap();
            prop_assume!(line.as_bytes()[at] != digit as u8);
            let mut wrong = line.to_string();
            wrong.replace_range(at..=at, &digit.to_string());
            let error = read_back(&wrong).unwrap_err();
            let misfit = matches!(error, KeyFileError::Misfit { line: 1, .. });
            prop_assert!(misfit, "{}", error);
        }

        #[test]
        fn no_text_breaks_the_parser(text in "(?s).{0,200}") {
            let _ = parse(&text, "keys");
        }
    }

    #[test]
    fn the_id_of_a_key_never_changes() {
        let id = SealKey::new([7; KEY_BYTES]).id().to_string();
        assert_eq!(id, "a01de50d");
    }

    #[test]
    fn files_that_are_no_use_say_where() {
        let line = SealKey::new([7; KEY_BYTES]).line();
        let of = |text: &str| read_back(text).unwrap_err();
        assert_eq!(of("# none\n"), KeyFileError::Empty("keys".into()));
        assert!(matches!(
            of(&format!("{}{}", *line, *line)),
            KeyFileError::Twice { line: 2, .. }
        ));
        for text in [
            "key",
            "00 11",
            "0g000000 00",
            &format!("{} more", line.trim()),
        ] {
            assert!(
                matches!(of(&format!("\n{text}")), KeyFileError::Line { line: 2, .. }),
                "{text}"
            );
        }
    }
}

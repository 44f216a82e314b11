//! The keys that this process has: the newest seals, all of them open.

use super::place::Spot;
use super::sealed::{self, Key, OpenError, SealError};
use crate::errors::AppError;
use crate::queue::outcome::JobError;
use crate::random::{self, NoRandomness};
use onebox_model::{Config, KeyFileError, SealKey, SealKeyId, paths, seal_keys};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    file: PathBuf,
    older: Vec<Key>,
    newest: Key,
}

/// The keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// There is no file.
    #[error(
        "there is no {}, the file with the keys that seal secrets in the database: make one with `wizamart secrets new-key FILE`, or bring yours back, and name it in secrets.key_file", .0.display()
    )]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("cannot read {}, the file with the keys that seal secrets in the database: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is damaged.
    #[error("{0} (secrets.key_file)")]
    File(#[from] KeyFileError),
    /// The library refuses a key.
    #[error("the cryptography library refuses the keys of {}", .0.display())]
    Refused(PathBuf),
}

impl Sealer {
    /// With the keys of the file that the operator named, of the service's
    /// credential, or of the box's own file, whichever there is first.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub fn load(config: &Config) -> Result<Self, KeyringError> {
        Self::from_file(&file(config))
    }

    /// With the keys of a file.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn from_file(file: &Path) -> Result<Self, KeyringError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(KeyringError::Missing(file.to_owned()));
            }
            Err(source) => {
                let file = file.to_owned();
                return Err(KeyringError::Read { file, source });
            }
        };
        Self::with(&seal_keys::parse(&text, file)?, file)
    }

    /// With these keys, the newest last; `file` stands for them in errors.
    ///
    /// # Errors
    /// When there is none, or the library refuses one.
    pub fn with(keys: &[SealKey], file: &Path) -> Result<Self, KeyringError> {
        let keys: Option<Vec<Key>> = keys.iter().map(Key::of).collect();
        let mut older = keys.ok_or_else(|| KeyringError::Refused(file.to_owned()))?;
        let newest = older
            .pop()
            .ok_or_else(|| KeyFileError::Empty(file.to_owned()))?;
        Ok(Self(Arc::new(Keys {
            file: file.to_owned(),
            older,
            newest,
        })))
    }

    /// Where the keys are from.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// The key that seals.
    #[must_use]
    pub fn newest(&self) -> SealKeyId {
        self.0.newest.id
    }

    /// Whether it has a key.
    #[must_use]
    pub fn has(&self, id: SealKeyId) -> bool {
        self.find(id).is_some()
    }

    /// Seals a secret for the one place where it will be kept.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn seal(&self, spot: Spot, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        self.0.newest.seal(spot, secret)
    }

    /// Opens what is kept in a place.
    ///
    /// # Errors
    /// When its key is not there, or it is not what was sealed for that place.
    pub fn open(&self, spot: Spot, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let id = sealed::key_of(spot, sealed)?;
        let key = self
            .find(id)
            .ok_or_else(|| sealed::no_key(spot, id, self.file()))?;
        key.open(spot, sealed)
    }

    fn find(&self, id: SealKeyId) -> Option<&Key> {
        std::iter::once(&self.0.newest)
            .chain(&self.0.older)
            .find(|key| key.id == id)
    }
}

/// A new key.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_key() -> Result<SealKey, NoRandomness> {
    Ok(SealKey::new(random::bytes()?))
}

/// Where the keys are: see [`Sealer::load`].
#[must_use]
pub fn file(config: &Config) -> PathBuf {
    if let Some(file) = &config.secrets.key_file {
        return file.clone();
    }
    let credential = config
        .credentials
        .directory()
        .map(|directory| directory.join(seal_keys::CREDENTIAL));
    credential
        .filter(|file| file.exists())
        .unwrap_or_else(|| paths::SEAL_KEYS.into())
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer")
            .field("file", &self.0.file)
            .field("newest", &self.0.newest.id)
            .finish_non_exhaustive()
    }
}

impl From<SealError> for AppError {
    fn from(error: SealError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<OpenError> for AppError {
    fn from(error: OpenError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<SealError> for JobError {
    fn from(error: SealError) -> Self {
        Self::Other(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Place;
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn sealer(keys: &[u8]) -> Sealer {
        let keys: Vec<SealKey> = keys.iter().map(|key| SealKey::new([*key; 32])).collect();
        Sealer::with(&keys, Path::new("/etc/keys")).unwrap()
    }

    fn spot(row: u128) -> Spot {
        Place::SecondFactors.of(Uuid::from_u128(row))
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place(secret: Vec<u8>, row: u128) {
            let sealer = sealer(&[1]);
            let sealed = sealer.seal(spot(row), &secret).unwrap();
            prop_assert_eq!(sealed.len(), 5 + 12 + secret.len() + 16);
            prop_assert_eq!(&*sealer.open(spot(row), &sealed).unwrap(), &secret);
        }

        #[test]
        fn any_flipped_bit_is_refused(secret: [u8; 20], at in 0..53_usize, bit in 0..8_u8) {
            let sealer = sealer(&[1]);
            let mut sealed = sealer.seal(spot(7), &secret).unwrap();
            prop_assert_eq!(sealed.len(), 53);
            sealed[at] ^= 1 << bit;
            prop_assert!(sealer.open(spot(7), &sealed).is_err());
        }

        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>, cut in 0..60_usize) {
            let sealer = sealer(&[1]);
            prop_assert!(sealer.open(spot(7), &bytes).is_err());
            let mut sealed = sealer.seal(spot(7), b"12345678901234567890").unwrap();
            let whole = sealed.len();
            sealed.truncate(cut);
            prop_assert_eq!(sealer.open(spot(7), &sealed).is_ok(), cut >= whole);
        }

        #[test]
        fn it_opens_nowhere_else(one: u128, other: u128) {
            prop_assume!(one != other);
            let sealer = sealer(&[1]);
            let sealed = sealer.seal(spot(one), b"secret").unwrap();
            let elsewhere = sealer.open(spot(other), &sealed);
            let refused = matches!(elsewhere, Err(OpenError::Refused { .. }));
            prop_assert!(refused);
            let column = sealer.open(Place::SigningKeys.of(Uuid::from_u128(one)), &sealed);
            prop_assert!(column.is_err());
        }
    }

    #[test]
    fn the_newest_key_seals_and_all_of_them_open() {
        let old = sealer(&[1]).seal(spot(7), b"secret").unwrap();
        let both = sealer(&[1, 2]);
        assert_eq!(&**both.open(spot(7), &old).unwrap(), b"secret");
        let new = both.seal(spot(7), b"secret").unwrap();
        assert_eq!(sealed::key_of(spot(7), &new).unwrap(), both.newest());
        assert_eq!(&**sealer(&[2]).open(spot(7), &new).unwrap(), b"secret");
        let error = sealer(&[2]).open(spot(7), &old).unwrap_err().to_string();
        let id = SealKey::new([1; 32]).id().to_string();
        assert!(
            error.contains(&id) && error.contains("/etc/keys"),
            "{error}"
        );
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike() {
        let sealer = sealer(&[1]);
        assert_ne!(
            sealer.seal(spot(7), b"secret").unwrap(),
            sealer.seal(spot(7), b"secret").unwrap()
        );
    }

    #[test]
    fn nothing_shows_a_key() {
        let shown = format!("{:?}", sealer(&[1, 2]));
        assert!(
            shown.contains("/etc/keys") && !shown.contains("0101"),
            "{shown}"
        );
    }

    #[test]
    fn a_missing_file_says_which_key_names_it_and_how_to_make_one() {
        let mut config = Config::default();
        config.secrets.key_file = Some("/nonexistent/seal-keys".into());
        let error = Sealer::load(&config).unwrap_err().to_string();
        for word in ["/nonexistent/seal-keys", "secrets.key_file", "new-key"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn the_operators_file_comes_before_the_credential_and_that_before_the_boxs() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config {
            credentials: onebox_model::Credentials::at(directory.path()),
            ..Config::default()
        };
        assert_eq!(file(&config), Path::new(paths::SEAL_KEYS));
        let credential = directory.path().join("seal-keys");
        std::fs::write(&credential, "").unwrap();
        assert_eq!(file(&config), credential);
        config.secrets.key_file = Some("/etc/keys".into());
        assert_eq!(file(&config), Path::new("/etc/keys"));
    }
}

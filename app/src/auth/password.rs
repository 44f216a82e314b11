//! Password hashes: argon2id with 19 MiB and two passes, in threads of their
//! own, two at a time, so that a burst of logins neither stalls the runtime
//! nor takes the machine's memory.
//!
//! A stored hash says itself how dear it is and is checked that way. One that
//! is cheaper than ours is made anew when its password passes by.

use crate::errors::AppError;
use crate::random;
use argon2::password_hash::{self, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params};
use std::sync::Arc;
use tokio::sync::Semaphore;

const AT_ONCE: usize = 2;

/// Longer ones are refused before they cost a hash; in bytes.
pub const LONGEST: usize = 1024;
/// A generated one is far longer; this keeps a hand-written one from being
/// guessed in an afternoon. In characters (NIST SP 800-63B asks for 8).
pub const SHORTEST: usize = 12;

/// Stands in for accounts that do not exist: as dear to check as a real hash,
/// and of a password that was thrown away.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$uAzrR8NfHk7lCi0TF4e9HQ$70I5mgG60taxw2EX960p0oKbJbja6Sew90oFOuaY08U";

/// A password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The algorithm refused.
    #[error("cannot hash a password: {0}")]
    Hash(password_hash::Error),
    /// The stored hash is not one.
    #[error("a stored password hash is damaged: {0}; set that password anew")]
    Stored(password_hash::Error),
    /// There is no salt.
    #[error(transparent)]
    Randomness(#[from] random::NoRandomness),
    /// The process is stopping.
    #[error("cannot hash a password: the process is stopping")]
    Stopping,
}

/// How a password fits a stored hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Fit {
    /// Whether it does.
    pub fits: bool,
    /// When it does and the stored hash is cheaper than ours: a new one.
    pub stronger: Option<String>,
}

/// Whether a new password is good enough.
///
/// # Errors
/// In words for the one who chose it.
pub fn check_new(password: &str) -> Result<(), AppError> {
    if password.chars().count() < SHORTEST {
        let text = format!("must have at least {SHORTEST} characters");
        return Err(AppError::invalid("password", text));
    }
    if password.len() > LONGEST {
        let text = format!("must have at most {LONGEST} bytes");
        return Err(AppError::invalid("password", text));
    }
    Ok(())
}

/// Hashes and checks.
#[derive(Clone, Debug)]
pub struct Passwords {
    slots: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Nothing hashed yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// When the machine cannot hash.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.apart(move || hash_blocking(&password)).await
    }

    /// How a password fits a stored hash. Without one, which is to say without
    /// an account, it takes as long and does not.
    ///
    /// # Errors
    /// When the stored hash is damaged.
    pub async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<Fit, PasswordError> {
        let exists = stored.is_some();
        let hash = stored.unwrap_or_else(|| NOBODY.to_owned());
        self.apart(move || {
            let fits = verify_blocking(&password, &hash)? && exists;
            let stronger = if fits && is_weak(&hash) {
                Some(hash_blocking(&password)?)
            } else {
                None
            };
            Ok(Fit { fits, stronger })
        })
        .await
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let slot = Arc::clone(&self.slots);
        // The permit goes along: a client that hangs up frees no slot early.
        let permit = slot
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Stopping)?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| PasswordError::Stopping)?
    }
}

fn hash_blocking(password: &str) -> Result<String, PasswordError> {
    let salt = SaltString::encode_b64(&random::bytes::<16>()?).map_err(PasswordError::Hash)?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn verify_blocking(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let parsed = PasswordHash::new(stored).map_err(PasswordError::Stored)?;
    match Argon2::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::Password) => Ok(false),
        Err(error) => Err(PasswordError::Stored(error)),
    }
}

/// Whether a hash is cheaper to guess at than one we would make: of another
/// algorithm, or with less memory times passes.
fn is_weak(stored: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(stored) else {
        return true;
    };
    let cost = |params: &Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
    match Params::try_from(&parsed) {
        Ok(params) => {
            parsed.algorithm != Algorithm::Argon2id.ident()
                || cost(&params) < cost(&Params::default())
        }
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fit(password: &str, stored: Option<&str>) -> Fit {
        let stored = stored.map(str::to_owned);
        let passwords = Passwords::new();
        passwords.verify(password.to_owned(), stored).await.unwrap()
    }

    fn hash_with(memory: u32, passes: u32, lanes: u32) -> String {
        let params = Params::new(memory, passes, lanes, None).unwrap();
        let salt = SaltString::encode_b64(b"a salt of a test").unwrap();
        Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password(b"correct horse", &salt)
            .unwrap()
            .to_string()
    }

    #[tokio::test]
    async fn only_the_password_fits_its_hash() {
        let hash = Passwords::new().hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let right = fit("correct horse", Some(&hash)).await;
        assert!(right.fits && right.stronger.is_none());
        assert!(!fit("battery staple", Some(&hash)).await.fits);
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_checked_at_its_own() {
        let dear = hash_with(65_536, 3, 4);
        assert!(dear.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"));
        let right = fit("correct horse", Some(&dear)).await;
        assert!(right.fits && right.stronger.is_none());
        assert!(!fit("battery staple", Some(&dear)).await.fits);
    }

    #[tokio::test]
    async fn a_cheap_hash_is_made_anew_for_the_right_password_only() {
        let cheap = hash_with(8_192, 1, 1);
        let right = fit("correct horse", Some(&cheap)).await;
        let stronger = right.stronger.unwrap();
        assert!(!is_weak(&stronger));
        assert!(fit("correct horse", Some(&stronger)).await.fits);
        assert!(fit("battery staple", Some(&cheap)).await.stronger.is_none());
    }

    #[test]
    fn a_new_password_has_a_least_and_a_most() {
        assert!(check_new("twelve chars").is_ok());
        assert!(check_new("eleven char").is_err());
        assert!(check_new(&"x".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn the_stand_in_costs_what_a_real_hash_costs() {
        let real = hash_blocking("x").unwrap();
        let cost = |hash: &str| {
            hash.split('$')
                .take(4)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(cost(&real), cost(NOBODY));
        assert!(!verify_blocking("x", NOBODY).unwrap());
    }

    #[tokio::test]
    async fn an_account_that_does_not_exist_has_no_password() {
        assert!(!fit("anything", None).await.fits);
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_not_a_wrong_password() {
        let passwords = Passwords::new();
        let checked = passwords.verify("x".into(), Some("plain".into())).await;
        assert!(checked.is_err());
    }
}

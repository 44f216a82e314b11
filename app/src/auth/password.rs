//! Password hashes: argon2id with 19 MiB and two passes, in threads of their
//! own, two at a time, so that a burst of logins neither stalls the runtime
//! nor takes the machine's memory.

use crate::random;
use argon2::Argon2;
use argon2::password_hash::{self, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use std::sync::Arc;
use tokio::sync::Semaphore;

const AT_ONCE: usize = 2;

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

    /// Whether a password fits a stored hash. Without one, which is to say
    /// without an account, it takes as long and is false.
    ///
    /// # Errors
    /// When the stored hash is damaged.
    pub async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let exists = stored.is_some();
        let hash = stored.unwrap_or_else(|| NOBODY.to_owned());
        let fits = self
            .apart(move || verify_blocking(&password, &hash))
            .await?;
        Ok(fits && exists)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_fits_its_hash() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            passwords
                .verify("correct horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("battery staple".into(), Some(hash))
                .await
                .unwrap()
        );
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
        let passwords = Passwords::new();
        assert!(!passwords.verify("anything".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_not_a_wrong_password() {
        let passwords = Passwords::new();
        assert!(
            passwords
                .verify("x".into(), Some("plain".into()))
                .await
                .is_err()
        );
    }
}

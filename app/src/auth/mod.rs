//! Who is asking, and may they?
//!
//! A program that logs in gets an access token, a signed statement that lives
//! an hour ([`access`]), and a refresh token, which works once and gives the
//! next pair ([`refresh`]). A browser gets a cookie for a session in Redis
//! ([`session`]), and then every change it asks for must carry a second token
//! ([`session::Session::csrf`]) that another site cannot know. Either way the
//! account is read with each request: one that was switched off is out at once.
//! Only hashes of secrets are stored, so that a copy of Redis or of the
//! database opens nothing; the signing keys are the exception.
//!
//! Administrative acts are written down with [`audit`]. Start reading at
//! [`login`] and [`identity`].

pub mod access;
pub mod audit;
pub mod cookies;
pub mod identity;
pub mod keys;
pub mod login;
pub mod password;
pub mod refresh;
pub mod session;
pub mod tenant;
pub mod throttle;

use crate::services::Services;
use access::AccessTokens;
use keys::Keys;
use password::Passwords;
use session::Sessions;
use std::sync::Arc;
use throttle::Throttle;

/// What logging in needs.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Hashing.
    pub passwords: Passwords,
    /// Programs' tokens.
    pub tokens: AccessTokens,
    /// Browsers' sessions.
    pub sessions: Sessions,
    /// Counting failures.
    pub throttle: Throttle,
}

impl Auth {
    /// With what the process has.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        let clock = Arc::clone(&services.clock);
        let keys = Keys::new(services.pool.clone(), Arc::clone(&clock));
        Self {
            passwords: Passwords::new(),
            tokens: AccessTokens::new(keys, clock),
            sessions: Sessions::new(services.cache.clone()),
            throttle: Throttle::new(services.cache.clone()),
        }
    }
}

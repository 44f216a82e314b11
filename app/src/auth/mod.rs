//! Who is asking, and may they?
//!
//! A login gives an opaque token; Redis holds its hash and what it stands for,
//! so that a copy of Redis opens nothing. Programs send it as a bearer token,
//! browsers as a cookie, and then every form carries a second token
//! ([`session::Session::csrf`]) that another site cannot know.
//!
//! Start reading at [`login`].

pub mod cookies;
pub mod identity;
pub mod login;
pub mod password;
pub mod session;
pub mod tenant;
pub mod throttle;

use crate::cache::Cache;
use password::Passwords;
use session::Sessions;
use throttle::Throttle;

/// What logging in needs.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Hashing.
    pub passwords: Passwords,
    /// Tokens.
    pub sessions: Sessions,
    /// Counting failures.
    pub throttle: Throttle,
}

impl Auth {
    /// Sessions and counters in this Redis.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self {
            passwords: Passwords::new(),
            sessions: Sessions::new(cache.clone()),
            throttle: Throttle::new(cache),
        }
    }
}

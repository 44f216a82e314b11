//! Sessions: what a token stands for, in Redis under the token's hash.

use crate::cache::{Cache, CacheError};
use crate::domain::ids::VendorId;
use crate::random::{self, NoRandomness};
use crate::storage::users::{Role, UserRow};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// How long a program's token works.
pub const BEARER_TTL: Duration = Duration::from_secs(3600);
/// How long a browser stays logged in.
pub const BROWSER_TTL: Duration = Duration::from_secs(24 * 3600);

/// Who is logged in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The account.
    pub user_id: Uuid,
    /// Its address.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// The vendor it works for; administrators may work for none.
    #[serde(default)]
    pub vendor_id: Option<VendorId>,
    /// What every form must carry that a browser sends with its cookie.
    pub csrf: String,
}

/// A token could not be given or looked up.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Redis failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// No token can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<SessionError> for crate::errors::AppError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Cache(error) => error.into(),
            SessionError::Randomness(error) => error.into(),
        }
    }
}

/// The sessions of the box.
#[derive(Clone, Debug)]
pub struct Sessions(Cache);

impl Sessions {
    /// Sessions in this Redis.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// Logs someone in and gives the token.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn begin(&self, user: &UserRow, ttl: Duration) -> Result<String, SessionError> {
        let token = random::token()?;
        let session = Session {
            user_id: user.id,
            email: user.email.clone(),
            role: user.role,
            vendor_id: user.vendor_id,
            csrf: random::token()?,
        };
        let text = serde_json::json!(session).to_string();
        self.0.set(&key(&token), &text, ttl).await?;
        Ok(token)
    }

    /// What a token stands for; `None` when it stands for nothing.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn find(&self, token: &str) -> Result<Option<Session>, SessionError> {
        let text = self.0.get(&key(token)).await?;
        // What a newer version wrote and this one cannot read is a log-out.
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Logs out.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn end(&self, token: &str) -> Result<(), SessionError> {
        Ok(self.0.delete(&key(token)).await?)
    }
}

fn key(token: &str) -> String {
    format!("session:{}", random::sha256_hex(token.as_bytes()))
}

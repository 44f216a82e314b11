//! A browser between the password and the code: five minutes, in Redis.

use super::session::SessionError;
use crate::cache::Cache;
use crate::random;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// How long the code may take.
pub const OPEN: Duration = Duration::from_secs(5 * 60);

/// Whose password was right.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HalfWay {
    /// The account.
    pub user_id: Uuid,
    /// Its address.
    pub email: String,
    /// When the password was checked.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The browsers that are half way.
#[derive(Clone, Debug)]
pub struct HalfWays(Cache);

impl HalfWays {
    /// In this Redis.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// Remembers one; gives the token that stands for it.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn begin(&self, half_way: &HalfWay) -> Result<String, SessionError> {
        let token = random::token()?;
        let text = serde_json::json!(half_way).to_string();
        self.0.set(&key(&token), &text, OPEN).await?;
        Ok(token)
    }

    /// Whose a token is.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn find(&self, token: &str) -> Result<Option<HalfWay>, SessionError> {
        let text = self.0.get(&key(token)).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Forgets one.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn end(&self, token: &str) -> Result<(), SessionError> {
        Ok(self.0.delete(&key(token)).await?)
    }
}

fn key(token: &str) -> String {
    format!("half-way:{}", random::sha256_hex(token.as_bytes()))
}

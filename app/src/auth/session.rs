//! Browsers' sessions, in Redis under the hash of the cookie's token. An index
//! for each account says which sessions it has, so that they can be listed and
//! ended without their tokens.

use crate::cache::{Cache, CacheError};
use crate::domain::ids::VendorId;
use crate::random::{self, NoRandomness};
use crate::storage::users::Role;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// How long a browser stays logged in.
pub const BROWSER_TTL: Duration = Duration::from_secs(24 * 3600);

/// Who is logged in, as of this request.
#[derive(Clone, Debug)]
pub struct Session {
    /// The account.
    pub user_id: Uuid,
    /// Its address.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// The vendor it works for; administrators may work for none.
    pub vendor_id: Option<VendorId>,
    /// What every change must carry that a browser asks for with its cookie;
    /// empty without one.
    pub csrf: String,
}

/// What Redis keeps of a session. Who the account is and what it may do is
/// read from the database instead.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stored {
    /// Names the session to its owner; opens nothing.
    pub id: Uuid,
    /// The account.
    pub user_id: Uuid,
    /// When it logged in.
    #[serde(with = "time::serde::rfc3339")]
    pub began_at: OffsetDateTime,
    /// From where.
    pub address: String,
    /// What the browser calls itself.
    pub user_agent: String,
    /// The vendor an administrator works for at the moment.
    #[serde(default)]
    pub acting_for: Option<VendorId>,
    /// See [`Session::csrf`].
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

    /// Logs a browser in and gives the cookie's token.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn begin(
        &self,
        user: Uuid,
        address: String,
        user_agent: String,
        now: OffsetDateTime,
    ) -> Result<String, SessionError> {
        let token = random::token()?;
        let stored = Stored {
            id: Uuid::now_v7(),
            user_id: user,
            began_at: now,
            address,
            user_agent,
            acting_for: None,
            csrf: random::token()?,
        };
        let (key, index) = (key(&token), index(user));
        let text = serde_json::json!(stored).to_string();
        let ttl = BROWSER_TTL.as_secs();
        let mut pipeline = redis::pipe();
        pipeline
            .atomic()
            .cmd("SET")
            .arg(&key)
            .arg(&text)
            .arg("EX")
            .arg(ttl)
            .ignore()
            .cmd("HSET")
            .arg(&index)
            .arg(stored.id.to_string())
            .arg(&key)
            .ignore()
            .cmd("EXPIRE")
            .arg(&index)
            .arg(ttl)
            .ignore();
        self.0.pipe::<()>("begin a session", &pipeline).await?;
        Ok(token)
    }

    /// What a token stands for; `None` when it stands for nothing.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn find(&self, token: &str) -> Result<Option<Stored>, SessionError> {
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

    /// The sessions of an account, the newest first.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn list(&self, user: Uuid) -> Result<Vec<Stored>, SessionError> {
        let mut ask = redis::pipe();
        ask.cmd("HVALS").arg(index(user));
        let (keys,): (Vec<String>,) = self.0.pipe("list sessions", &ask).await?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut ask = redis::pipe();
        ask.cmd("MGET").arg(&keys);
        let (texts,): (Vec<Option<String>>,) = self.0.pipe("read sessions", &ask).await?;
        let mut all: Vec<Stored> = texts
            .into_iter()
            .flatten()
            .filter_map(|text| serde_json::from_str(&text).ok())
            .collect();
        all.sort_by_key(|stored| std::cmp::Reverse(stored.began_at));
        Ok(all)
    }

    /// Ends one session of an account; whether there was one.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn end_one(&self, user: Uuid, id: Uuid) -> Result<bool, SessionError> {
        let mut ask = redis::pipe();
        ask.cmd("HGET").arg(index(user)).arg(id.to_string());
        let (key,): (Option<String>,) = self.0.pipe("look up a session", &ask).await?;
        let Some(key) = key else {
            return Ok(false);
        };
        let mut end = redis::pipe();
        end.atomic()
            .cmd("DEL")
            .arg(key)
            .cmd("HDEL")
            .arg(index(user))
            .arg(id.to_string())
            .ignore();
        let (ended,): (u64,) = self.0.pipe("end a session", &end).await?;
        Ok(ended > 0)
    }

    /// Ends every session of an account, but `except`.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn end_all(&self, user: Uuid, except: Option<Uuid>) -> Result<(), SessionError> {
        for stored in self.list(user).await? {
            if Some(stored.id) != except {
                self.end_one(user, stored.id).await?;
            }
        }
        Ok(())
    }

    /// Changes the vendor that an administrator works for.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn act_for(&self, token: &str, vendor: Option<VendorId>) -> Result<(), SessionError> {
        let Some(mut stored) = self.find(token).await? else {
            return Ok(());
        };
        stored.acting_for = vendor;
        // Only while it is there: a session that was ended stays so.
        let mut change = redis::pipe();
        change
            .cmd("SET")
            .arg(key(token))
            .arg(serde_json::json!(stored).to_string())
            .arg("XX")
            .arg("KEEPTTL")
            .ignore();
        Ok(self.0.pipe("change a session", &change).await?)
    }
}

fn key(token: &str) -> String {
    format!("session:{}", random::sha256_hex(token.as_bytes()))
}

fn index(user: Uuid) -> String {
    format!("sessions:{user}")
}

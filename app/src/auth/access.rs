//! Access tokens: signed statements of who logged in and when (RFC 7519, with
//! HS256 and a key id), so that a request needs no look into Redis. They live
//! an hour; the account is still read with each request, so that one which was
//! switched off is out at once.

use super::keys::{KeyError, Keys};
use crate::clock::SharedClock;
use crate::errors::AppError;
use crate::storage::StorageError;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use time::Duration;
use uuid::Uuid;

/// How long a token works.
pub const LIFE: Duration = Duration::hours(1);
/// How far clocks may be apart.
const LEEWAY: Duration = Duration::seconds(60);
/// Ours are below 400 bytes; longer ones are not worth parsing.
const LONGEST: usize = 1024;
const ISSUER: &str = "wizamart";

/// What a token states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The account.
    pub sub: Uuid,
    /// The login that it came from, a row of `refresh_families`.
    pub sid: Uuid,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// The claims of a request's token, where a middleware has checked them before
/// the handler asks.
#[derive(Clone, Copy, Debug)]
pub struct Verified(pub Claims);

#[derive(Serialize)]
struct Issued {
    iss: &'static str,
    #[serde(flatten)]
    claims: Claims,
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The library refused.
    #[error("cannot sign an access token: {0}")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

impl From<IssueError> for AppError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Key(error) => error.into(),
            error @ IssueError::Sign(_) => Self::Internal(error.to_string()),
        }
    }
}

/// Makes and checks tokens.
#[derive(Clone, Debug)]
pub struct AccessTokens {
    keys: Keys,
    clock: SharedClock,
    rules: Arc<Validation>,
}

impl AccessTokens {
    /// With these keys and this time.
    #[must_use]
    pub fn new(keys: Keys, clock: SharedClock) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss", "sub"]);
        // The library asks the machine for the time; we have our own clock.
        rules.validate_exp = false;
        Self {
            keys,
            clock,
            rules: Arc::new(rules),
        }
    }

    /// A token for a login.
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub async fn issue(&self, user: Uuid, login: Uuid) -> Result<String, IssueError> {
        let key = self.keys.signing().await?;
        let iat = self.clock.now().unix_timestamp();
        let claims = Claims {
            sub: user,
            sid: login,
            iat,
            exp: iat + LIFE.whole_seconds(),
        };
        let issued = Issued {
            iss: ISSUER,
            claims,
        };
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.id.clone());
        encode(&header, &issued, &key.encoding).map_err(IssueError::Sign)
    }

    /// What a token states, when we signed it and it has not ended.
    ///
    /// # Errors
    /// When its key is not known yet and the database fails.
    pub async fn verify(&self, token: &str) -> Result<Option<Claims>, StorageError> {
        let Some(id) = key_id(token) else {
            return Ok(None);
        };
        let Some(key) = self.keys.verifying(&id).await? else {
            return Ok(None);
        };
        let Ok(data) = decode::<Claims>(token, &key.decoding, &self.rules) else {
            return Ok(None);
        };
        let (claims, now) = (data.claims, self.clock.now().unix_timestamp());
        let leeway = LEEWAY.whole_seconds();
        let alive = claims.exp.saturating_add(leeway) > now && claims.iat <= now + leeway;
        Ok(alive.then_some(claims))
    }
}

/// The key that a token says it was signed with.
fn key_id(token: &str) -> Option<String> {
    if token.len() > LONGEST {
        return None;
    }
    let header = decode_header(token).ok()?;
    if header.alg != Algorithm::HS256 {
        return None;
    }
    header.kid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in ".{0,200}", parts in prop::collection::vec("[A-Za-z0-9_-]{0,60}", 0..5)) {
            let _ = key_id(&text);
            let _ = key_id(&parts.join("."));
        }
    }

    #[test]
    fn a_token_without_a_signature_names_no_key() {
        // {"alg":"none","kid":"x"} and {}
        assert_eq!(key_id("eyJhbGciOiJub25lIiwia2lkIjoieCJ9.e30."), None);
        // {"alg":"HS256","kid":"x"} and {}
        assert_eq!(
            key_id("eyJhbGciOiJIUzI1NiIsImtpZCI6IngifQ.e30.AA").as_deref(),
            Some("x")
        );
    }
}

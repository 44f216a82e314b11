//! The keys behind access tokens. They live in the database, so that every
//! process and every box of an installation knows them, and are kept in the
//! process, so that a request does not ask for them. The newest signs; the
//! others verify until they end. There is always one: it is made when needed.
//!
//! They are sealed ([`crate::secrets`]). Keys in clear are an earlier release's:
//! they verify what it signed, sign nothing, and end soon after this release
//! sees them, so that a dump of the database is of no use for long.

use crate::clock::SharedClock;
use crate::random::{self, NoRandomness};
use crate::secrets::{OpenError, Place, SealError, Sealer};
use crate::storage::StorageError;
use crate::storage::signing_keys::{self, SealedKey, SigningKeyRow};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sqlx::PgPool;
use std::sync::{Arc, PoisonError, RwLock};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A key older than this is followed by a new one.
pub const ROTATE_AFTER: Duration = Duration::days(30);
/// A key verifies for this long after it was made: longer than it signs by more
/// than a token lives.
pub const KEY_LIFE: Duration = Duration::days(32);
/// A key signs only while it has this much left: more than a token lives.
const SIGNING_RESERVE: Duration = Duration::hours(2);
/// A key in clear verifies for this long: longer than any token that it signed
/// lives, and too short for the earlier release to sign with it on.
const RETIRED_LIFE: Duration = Duration::hours(2);
/// How long the process trusts that there is no newer key to sign with.
const FRESH: Duration = Duration::minutes(5);
/// Tokens with keys nobody knows make the process look at most this often.
const LOOK_GAP: Duration = Duration::SECOND;

/// A key in the form the library wants.
pub struct Key {
    /// The `kid` of tokens signed with it.
    pub id: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    ends_at: OffsetDateTime,
    may_sign: bool,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.id).finish()
    }
}

/// There is no key to sign or verify with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No key can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// No key can be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A key that was just sealed does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<KeyError> for crate::errors::AppError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Storage(error) => error.into(),
            KeyError::Randomness(error) => error.into(),
            KeyError::Seal(error) => error.into(),
            KeyError::Open(error) => error.into(),
        }
    }
}

#[derive(Debug, Default)]
struct Known {
    looked_at: Option<OffsetDateTime>,
    newest_first: Vec<Arc<Key>>,
}

/// The keys of the installation, as this process knows them.
#[derive(Clone, Debug)]
pub struct Keys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    sealer: Sealer,
    clock: SharedClock,
    known: RwLock<Known>,
    /// One task looks or makes, the others wait for what it found.
    turn: Mutex<()>,
}

impl Keys {
    /// None known yet.
    #[must_use]
    pub fn new(pool: PgPool, sealer: Sealer, clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            pool,
            sealer,
            clock,
            known: RwLock::default(),
            turn: Mutex::new(()),
        }))
    }

    /// The key to verify with; `None` when there is none of that id any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verifying(&self, id: &str) -> Result<Option<Arc<Key>>, StorageError> {
        let now = self.0.clock.now();
        if let Some(key) = self.known(id) {
            return Ok((key.ends_at > now).then_some(key));
        }
        let _turn = self.0.turn.lock().await;
        if !self.looked_within(LOOK_GAP, now) {
            self.look(now).await?;
        }
        Ok(self.known(id).filter(|key| key.ends_at > now))
    }

    /// The key to sign with.
    ///
    /// # Errors
    /// When the database fails, or a key is needed and cannot be made.
    pub async fn signing(&self) -> Result<Arc<Key>, KeyError> {
        let now = self.0.clock.now();
        if self.looked_within(FRESH, now)
            && let Some(key) = self.newest(now)
        {
            return Ok(key);
        }
        let _turn = self.0.turn.lock().await;
        self.look(now).await?;
        if let Some(key) = self.newest(now) {
            return Ok(key);
        }
        let made = make(&self.0.sealer, now)?;
        signing_keys::insert(&self.0.pool, &made).await?;
        let secret = self
            .0
            .sealer
            .open(Place::SigningKeys.of(made.id), &made.sealed)?;
        let key = Arc::new(Key::of(kid(made.id), &secret, made.ends_at, true));
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.newest_first.insert(0, Arc::clone(&key));
        Ok(key)
    }

    fn known(&self, id: &str) -> Option<Arc<Key>> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.newest_first.iter().find(|key| key.id == id).cloned()
    }

    fn newest(&self, now: OffsetDateTime) -> Option<Arc<Key>> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let newest = known.newest_first.iter().find(|key| key.may_sign)?;
        (newest.ends_at > now + SIGNING_RESERVE).then(|| Arc::clone(newest))
    }

    fn looked_within(&self, gap: Duration, now: OffsetDateTime) -> bool {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.looked_at.is_some_and(|at| now < at + gap)
    }

    async fn look(&self, now: OffsetDateTime) -> Result<(), StorageError> {
        let rows = signing_keys::alive(&self.0.pool, now).await?;
        let retired = now + RETIRED_LIFE;
        if rows
            .iter()
            .any(|row| row.secret.is_some() && row.ends_at > retired)
        {
            signing_keys::retire(&self.0.pool, retired).await?;
        }
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.looked_at = Some(now);
        known.newest_first = rows
            .into_iter()
            .filter_map(|row| open(row, &self.0.sealer, retired))
            .map(Arc::new)
            .collect();
        Ok(())
    }
}

impl Key {
    fn of(id: String, secret: &[u8], ends_at: OffsetDateTime, may_sign: bool) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            id,
            ends_at,
            may_sign,
        }
    }
}

/// A stored key for use. One that does not open is told and left out: what it
/// signed is refused, and new logins go on with another.
fn open(row: SigningKeyRow, sealer: &Sealer, retired: OffsetDateTime) -> Option<Key> {
    if let Some(secret) = row.secret.map(Zeroizing::new) {
        return Some(Key::of(row.id, &secret, row.ends_at.min(retired), false));
    }
    let id = Uuid::try_parse(&row.id).ok()?;
    match sealer.open(Place::SigningKeys.of(id), &row.sealed?) {
        Ok(secret) => Some(Key::of(row.id, &secret, row.ends_at, true)),
        Err(error) => {
            tracing::error!("tokens of a signing key are refused: {error}");
            None
        }
    }
}

/// What tokens call a key.
fn kid(id: Uuid) -> String {
    id.simple().to_string()
}

/// A new key, not stored yet.
///
/// # Errors
/// When the system gives no randomness.
pub fn make(sealer: &Sealer, now: OffsetDateTime) -> Result<SealedKey, KeyError> {
    let id = Uuid::now_v7();
    let secret = Zeroizing::new(random::bytes::<32>()?);
    Ok(SealedKey {
        id,
        sealed: sealer.seal(Place::SigningKeys.of(id), secret.as_slice())?,
        created_at: now,
        ends_at: now + KEY_LIFE,
    })
}

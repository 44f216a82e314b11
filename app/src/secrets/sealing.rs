//! Walking the rows with secrets: from clear to sealed, from an old key to the
//! newest, and back to clear before an earlier release is gone back to.
//!
//! Each row is a statement of its own that names what it replaces. A walk that
//! is cut off has done part of the work, and the next one does the rest; a row
//! that changed meanwhile is left to the next one too.

use super::place::Place;
use super::sealed::{OpenError, SealError, key_of};
use super::sealer::Sealer;
use crate::storage::StorageError;
use crate::storage::sealing::{self, Change, Row};
use onebox_model::SealKeyId;
use serde::Serialize;
use sqlx::PgPool;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Rows read at a time.
const STRETCH: i64 = 500;

/// What a walk did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Walked {
    /// Rows that were changed, by place.
    pub changed: BTreeMap<Place, u64>,
    /// Rows that cannot be read, and why.
    pub failed: Vec<Failure>,
}

/// A row that was left as it was.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Where.
    pub place: Place,
    /// The row's key.
    pub row: Uuid,
    /// Why.
    pub error: String,
}

/// A walk ended early.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing can be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The key is still in the file.
    #[error(
        "the key {0} is in the file: what it sealed can be read, and `wizamart secrets rotate` seals it anew"
    )]
    StillThere(SealKeyId),
}

impl Walked {
    fn count(&mut self, place: Place) {
        *self.changed.entry(place).or_default() += 1;
    }

    fn fail(&mut self, place: Place, row: Uuid, error: &OpenError) {
        let error = error.to_string();
        self.failed.push(Failure { place, row, error });
    }
}

/// Seals what is in clear, and from now on new secrets at once.
///
/// # Errors
/// When the database fails.
pub async fn seal(pool: &PgPool, sealer: &Sealer) -> Result<Walked, WalkError> {
    // First, or one that is made meanwhile would stay in clear.
    sealing::keep_plain_until(pool, None).await?;
    let mut walked = Walked::default();
    for place in Place::ALL {
        let mut after = Uuid::nil();
        loop {
            let rows = sealing::plain(pool, place, after, STRETCH).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in rows {
                let row = Wiped(row);
                let sealed = sealer.seal(place.of(row.0.id), &row.0.bytes)?;
                if sealing::change(pool, place, Change::Seal, &row.0, &sealed).await? {
                    walked.count(place);
                }
            }
        }
    }
    Ok(walked)
}

/// Seals what is in clear once the time is over in which the earlier release
/// may be gone back to; `None` before.
///
/// # Errors
/// When the database fails.
pub async fn seal_when_due(
    pool: &PgPool,
    sealer: &Sealer,
    now: OffsetDateTime,
) -> Result<Option<Walked>, WalkError> {
    if sealing::plain_allowed(pool, now).await? {
        return Ok(None);
    }
    seal(pool, sealer).await.map(Some)
}

/// Puts second factors and mails back in clear, for an earlier release, and
/// keeps them so until a moment.
///
/// # Errors
/// When the database fails.
pub async fn unseal(
    pool: &PgPool,
    sealer: &Sealer,
    until: OffsetDateTime,
) -> Result<Walked, WalkError> {
    sealing::keep_plain_until(pool, Some(until)).await?;
    let mut walked = Walked::default();
    for place in [Place::SecondFactors, Place::MailTexts] {
        walk(pool, place, &mut walked, |row| {
            let plain = sealer.open(place.of(row.id), &row.bytes)?;
            Ok(Some((Change::Unseal, plain)))
        })
        .await?;
    }
    Ok(walked)
}

/// Seals anew what an older key sealed.
///
/// # Errors
/// When the database fails.
pub async fn rotate(pool: &PgPool, sealer: &Sealer) -> Result<Walked, WalkError> {
    let mut walked = Walked::default();
    for place in Place::ALL {
        walk(pool, place, &mut walked, |row| {
            let spot = place.of(row.id);
            if key_of(spot, &row.bytes)? == sealer.newest() {
                return Ok(None);
            }
            let plain = sealer.open(spot, &row.bytes)?;
            let sealed = sealer.seal(spot, &plain)?;
            Ok(Some((Change::Reseal, Zeroizing::new(sealed))))
        })
        .await?;
    }
    Ok(walked)
}

/// Removes what a lost key sealed: second factors, signing keys, mails' texts.
///
/// # Errors
/// When the key is not lost, or the database fails.
pub async fn forget(pool: &PgPool, sealer: &Sealer, key: SealKeyId) -> Result<Walked, WalkError> {
    if sealer.has(key) {
        return Err(WalkError::StillThere(key));
    }
    let mut walked = Walked::default();
    for place in Place::ALL {
        let rows = sealing::forget(pool, place, &key.0).await?;
        walked.changed.insert(place, rows);
    }
    Ok(walked)
}

/// What becomes of a row; `None` leaves it.
type Step = Result<Option<(Change, Zeroizing<Vec<u8>>)>, StepError>;

/// Why a row is left as it is, or the walk ends.
enum StepError {
    Open(OpenError),
    Seal(SealError),
}

impl From<OpenError> for StepError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<SealError> for StepError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

async fn walk(
    pool: &PgPool,
    place: Place,
    walked: &mut Walked,
    step: impl Fn(&Row) -> Step,
) -> Result<(), WalkError> {
    let mut after = Uuid::nil();
    loop {
        let rows = sealing::sealed(pool, place, after, STRETCH).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.id;
        for row in rows {
            match step(&row) {
                Ok(None) => {}
                Ok(Some((change, new))) => {
                    if sealing::change(pool, place, change, &row, &new).await? {
                        walked.count(place);
                    }
                }
                Err(StepError::Open(error)) => walked.fail(place, row.id, &error),
                Err(StepError::Seal(error)) => return Err(error.into()),
            }
        }
    }
}

/// A row whose bytes are a secret.
struct Wiped(Row);

impl Drop for Wiped {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0.bytes);
    }
}

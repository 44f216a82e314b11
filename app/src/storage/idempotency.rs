//! Answers that are kept to be given again (`Idempotency-Key`).

use super::{Doing, StorageError};
use sqlx::{FromRow, PgExecutor, Row};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long an answer is kept.
pub const KEEP: Duration = Duration::hours(24);

/// An answer and the request it belongs to.
#[derive(Clone, Debug, FromRow)]
pub struct Kept {
    /// Digest of the request.
    pub fingerprint: String,
    /// Status of the answer.
    pub status: i16,
    /// Its body.
    pub body: String,
    /// Its `Location`.
    pub location: String,
}

/// How a key stands.
#[derive(Clone, Debug)]
pub enum Hold {
    /// Another request with it is being answered at this moment.
    Busy,
    /// Nobody has used it; it is held until the transaction ends.
    New,
    /// It was used and answered.
    Known(Kept),
}

/// Takes a key for this transaction.
///
/// # Errors
/// When the database fails.
pub async fn hold(
    db: impl PgExecutor<'_>,
    user: Uuid,
    key: &str,
    now: OffsetDateTime,
) -> Result<Hold, StorageError> {
    let row = sqlx::query(include_str!("sql/idempotency_keys/hold.sql"))
        .bind(user)
        .bind(key)
        .bind(now - KEEP)
        .fetch_one(db)
        .await
        .doing("look up an idempotency key")?;
    let read = || {
        let known: Option<String> = row.try_get("fingerprint")?;
        match (row.try_get("alone")?, known) {
            (_, Some(_)) => Kept::from_row(&row).map(Hold::Known),
            (true, None) => Ok(Hold::New),
            (false, None) => Ok(Hold::Busy),
        }
    };
    read().doing("read an idempotency key")
}

/// Keeps the answer to a request; says whether it was the first to. It is not
/// when another transaction committed after [`hold`] had looked.
///
/// # Errors
/// When the database fails.
pub async fn keep(
    db: impl PgExecutor<'_>,
    user: Uuid,
    key: &str,
    kept: &Kept,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let first: Option<bool> = sqlx::query_scalar(include_str!("sql/idempotency_keys/insert.sql"))
        .bind(user)
        .bind(key)
        .bind(&kept.fingerprint)
        .bind(kept.status)
        .bind(&kept.body)
        .bind(&kept.location)
        .bind(now)
        .bind(now - KEEP)
        .fetch_optional(db)
        .await
        .doing("keep an answer")?;
    Ok(first.is_some())
}

//! Rows with sealed secrets, walked a stretch at a time; see
//! [`crate::secrets::sealing`]. Every change names the bytes that it takes the
//! place of, so that a row which changed meanwhile is left alone.

use super::{Doing, StorageError};
use crate::secrets::Place;
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// A row's key and its bytes. It has no `Debug`: they may be a secret.
#[derive(FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migrations")]
pub struct Row {
    pub id: Uuid,
    pub bytes: Vec<u8>,
}

/// How many secrets a key seals, or (without one) are in clear.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the statement")]
pub struct Count {
    pub place: String,
    pub key: Option<Vec<u8>>,
    pub rows: i64,
}

/// What to do to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Clear becomes sealed.
    Seal,
    /// Sealed becomes sealed anew.
    Reseal,
    /// Sealed becomes clear.
    Unseal,
}

/// The sealed ones after a row.
///
/// # Errors
/// When the database fails.
pub async fn sealed(
    db: impl PgExecutor<'_>,
    place: Place,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Row>, StorageError> {
    let statement = match place {
        Place::SecondFactors => include_str!("sql/sealing/second_factors_sealed.sql"),
        Place::SigningKeys => include_str!("sql/sealing/signing_keys_sealed.sql"),
        Place::MailTexts => include_str!("sql/sealing/mail_texts_sealed.sql"),
    };
    page(db, statement, after, limit).await
}

/// Those in clear after a row. Signing keys in clear end by themselves and are
/// not among them.
///
/// # Errors
/// When the database fails.
pub async fn plain(
    db: impl PgExecutor<'_>,
    place: Place,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Row>, StorageError> {
    let statement = match place {
        Place::SecondFactors => include_str!("sql/sealing/second_factors_plain.sql"),
        Place::MailTexts => include_str!("sql/sealing/mail_texts_plain.sql"),
        Place::SigningKeys => return Ok(Vec::new()),
    };
    page(db, statement, after, limit).await
}

async fn page(
    db: impl PgExecutor<'_>,
    statement: &'static str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Row>, StorageError> {
    sqlx::query_as(statement)
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("read sealed secrets")
}

/// Changes a row's bytes from `old` to `new`; whether they still were `old`.
///
/// # Errors
/// When the database fails.
pub async fn change(
    db: impl PgExecutor<'_>,
    place: Place,
    change: Change,
    row: &Row,
    new: &[u8],
) -> Result<bool, StorageError> {
    let statement = match (place, change) {
        (Place::SecondFactors, Change::Seal) => {
            include_str!("sql/sealing/second_factors_seal.sql")
        }
        (Place::SecondFactors, Change::Reseal) => {
            include_str!("sql/sealing/second_factors_reseal.sql")
        }
        (Place::SecondFactors, Change::Unseal) => {
            include_str!("sql/sealing/second_factors_unseal.sql")
        }
        (Place::MailTexts, Change::Seal) => include_str!("sql/sealing/mail_texts_seal.sql"),
        (Place::MailTexts, Change::Reseal) => include_str!("sql/sealing/mail_texts_reseal.sql"),
        (Place::MailTexts, Change::Unseal) => include_str!("sql/sealing/mail_texts_unseal.sql"),
        (Place::SigningKeys, Change::Reseal) => {
            include_str!("sql/sealing/signing_keys_reseal.sql")
        }
        // They never go from clear to sealed or back: each release has its own.
        (Place::SigningKeys, Change::Seal | Change::Unseal) => return Ok(false),
    };
    let done = sqlx::query(statement)
        .bind(row.id)
        .bind(&row.bytes)
        .bind(new)
        .execute(db)
        .await
        .doing("change a sealed secret")?;
    Ok(done.rows_affected() > 0)
}

/// Removes what a key sealed, and with it second factors; how many rows.
///
/// # Errors
/// When the database fails.
pub async fn forget(
    db: impl PgExecutor<'_>,
    place: Place,
    key: &[u8],
) -> Result<u64, StorageError> {
    let statement = match place {
        Place::SecondFactors => include_str!("sql/sealing/second_factors_forget.sql"),
        Place::SigningKeys => include_str!("sql/sealing/signing_keys_forget.sql"),
        Place::MailTexts => include_str!("sql/sealing/mail_texts_forget.sql"),
    };
    let done = sqlx::query(statement)
        .bind(key)
        .execute(db)
        .await
        .doing("forget what a key sealed")?;
    Ok(done.rows_affected())
}

/// How many there are of each place and key.
///
/// # Errors
/// When the database fails.
pub async fn counts(db: impl PgExecutor<'_>) -> Result<Vec<Count>, StorageError> {
    sqlx::query_as(include_str!("sql/sealing/counts.sql"))
        .fetch_all(db)
        .await
        .doing("count sealed secrets")
}

/// The same of secrets that logins need now.
///
/// # Errors
/// When the database fails.
pub async fn keys_in_use(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
) -> Result<Vec<Count>, StorageError> {
    sqlx::query_as(include_str!("sql/sealing/keys_in_use.sql"))
        .bind(now)
        .fetch_all(db)
        .await
        .doing("count sealed secrets")
}

/// Whether second factors are still to be in clear, for the earlier release.
///
/// # Errors
/// When the database fails.
pub async fn plain_allowed(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    sqlx::query_scalar(include_str!("sql/sealing/plain_allowed.sql"))
        .bind(now)
        .fetch_one(db)
        .await
        .doing("look up how secrets are kept")
}

/// Until when they are; `None` ends it.
///
/// # Errors
/// When the database fails.
pub async fn keep_plain_until(
    db: impl PgExecutor<'_>,
    until: Option<OffsetDateTime>,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/sealing/keep_plain_until.sql"))
        .bind(until)
        .execute(db)
        .await
        .doing("write down how secrets are kept")?;
    Ok(())
}

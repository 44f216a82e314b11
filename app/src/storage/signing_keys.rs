//! The tables of keys that sign access tokens: this release's, which are sealed,
//! and an earlier one's, which are in clear.

use super::{Doing, StorageError};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// A key as it is stored. It has no `Debug`: it may be a secret.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct SigningKeyRow {
    pub id: String,
    /// Of an earlier release.
    pub secret: Option<Vec<u8>>,
    /// Of this one.
    pub sealed: Option<Vec<u8>>,
    pub created_at: OffsetDateTime,
    pub ends_at: OffsetDateTime,
}

/// The keys that have not ended, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn alive(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
) -> Result<Vec<SigningKeyRow>, StorageError> {
    sqlx::query_as(include_str!("sql/signing_keys/alive.sql"))
        .bind(now)
        .fetch_all(db)
        .await
        .doing("read the signing keys")
}

/// A new key.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct SealedKey {
    pub id: Uuid,
    pub sealed: Vec<u8>,
    pub created_at: OffsetDateTime,
    pub ends_at: OffsetDateTime,
}

/// Adds a key.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: impl PgExecutor<'_>, key: &SealedKey) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/sealed_signing_keys/insert.sql"))
        .bind(key.id)
        .bind(&key.sealed)
        .bind(key.created_at)
        .bind(key.ends_at)
        .execute(db)
        .await
        .doing("store a signing key")?;
    Ok(())
}

/// Removes keys that verify nothing any more; gives their number.
///
/// # Errors
/// When the database fails.
pub async fn delete_ended(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
) -> Result<u64, StorageError> {
    let count: i64 = sqlx::query_scalar(include_str!("sql/signing_keys/delete_ended.sql"))
        .bind(now)
        .fetch_one(db)
        .await
        .doing("delete ended signing keys")?;
    Ok(count.unsigned_abs())
}

/// Ends keys in clear at `ends_at`, unless they end before.
///
/// # Errors
/// When the database fails.
pub async fn retire(db: impl PgExecutor<'_>, ends_at: OffsetDateTime) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/signing_keys/retire.sql"))
        .bind(ends_at)
        .execute(db)
        .await
        .doing("retire signing keys in clear")?;
    Ok(())
}

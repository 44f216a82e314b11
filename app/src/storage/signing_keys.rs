//! The table of keys that sign access tokens.

use super::{Doing, StorageError};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A key. It has no `Debug`: it is a secret.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct SigningKeyRow {
    pub id: String,
    pub secret: Vec<u8>,
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

/// Adds a key.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: impl PgExecutor<'_>, key: &SigningKeyRow) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/signing_keys/insert.sql"))
        .bind(&key.id)
        .bind(&key.secret)
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
    let done = sqlx::query(include_str!("sql/signing_keys/delete_ended.sql"))
        .bind(now)
        .execute(db)
        .await
        .doing("delete ended signing keys")?;
    Ok(done.rows_affected())
}

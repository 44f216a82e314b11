//! The table of tokens that set a new password.

use super::users::CallerRow;
use super::{Doing, StorageError};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// Adds a token.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    hash: &str,
    user: Uuid,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/password_resets/insert.sql"))
        .bind(hash)
        .bind(user)
        .bind(now)
        .bind(expires_at)
        .execute(db)
        .await
        .doing("store a password reset")?;
    Ok(())
}

/// Whose token it is, while it works.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    hash: &str,
    now: OffsetDateTime,
) -> Result<Option<CallerRow>, StorageError> {
    sqlx::query_as(include_str!("sql/password_resets/find.sql"))
        .bind(hash)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("look up a password reset")
}

/// Uses a token up, and with it the others of its account; `None` when it does
/// not work.
///
/// # Errors
/// When the database fails.
pub async fn spend(
    db: impl PgExecutor<'_>,
    hash: &str,
    now: OffsetDateTime,
) -> Result<Option<CallerRow>, StorageError> {
    sqlx::query_as(include_str!("sql/password_resets/spend.sql"))
        .bind(hash)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("use a password reset")
}

//! Deleting what is past its time, a slice at a time, so that no statement
//! holds locks for long.

use super::{Doing, StorageError};
use sqlx::PgPool;
use time::OffsetDateTime;

/// Tables whose rows end by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Programs' logins, by when they ended.
    Logins,
    /// Spent refresh tokens, by when they were spent.
    SpentTokens,
    /// Links that set a password, by when they ended.
    PasswordResets,
    /// Answers to requests that carried a key, by when they came.
    IdempotencyKeys,
    /// The audit log, by when the act was.
    AuditLog,
}

impl Kept {
    const fn statement(self) -> &'static str {
        match self {
            Self::Logins => include_str!("sql/refresh_families/delete_expired.sql"),
            Self::SpentTokens => include_str!("sql/refresh_spent/delete_old.sql"),
            Self::PasswordResets => include_str!("sql/password_resets/delete_old.sql"),
            Self::IdempotencyKeys => include_str!("sql/idempotency_keys/delete_old.sql"),
            Self::AuditLog => include_str!("sql/audit_log/delete_old.sql"),
        }
    }
}

/// Deletes up to `slice` rows from before a moment; gives their number.
///
/// # Errors
/// When the database fails.
pub async fn delete_before(
    pool: &PgPool,
    kept: Kept,
    before: OffsetDateTime,
    slice: i64,
) -> Result<u64, StorageError> {
    let done = sqlx::query(kept.statement())
        .bind(before)
        .bind(slice)
        .execute(pool)
        .await
        .doing("delete what is past its time")?;
    Ok(done.rows_affected())
}

//! The columns of an account that let it in: its password, and from when on
//! its sessions count.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use crate::storage::users::{Role, UnknownRole};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// Sets a new password. Tokens and sessions from before are void.
///
/// # Errors
/// When the database fails.
pub async fn set_password(
    db: impl PgExecutor<'_>,
    user: Uuid,
    hash: &str,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/set_password.sql"))
        .bind(user)
        .bind(hash)
        .bind(now)
        .execute(db)
        .await
        .doing("set a password")?;
    Ok(())
}

/// Stores the same password in a stronger form, unless it was changed
/// meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn rehash(
    db: impl PgExecutor<'_>,
    user: Uuid,
    old: &str,
    new: &str,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/rehash.sql"))
        .bind(user)
        .bind(old)
        .bind(new)
        .execute(db)
        .await
        .doing("store a password in a stronger form")?;
    Ok(())
}

/// Writes down when an account logged in last.
///
/// # Errors
/// When the database fails.
pub async fn logged_in(
    db: impl PgExecutor<'_>,
    user: Uuid,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/logged_in.sql"))
        .bind(user)
        .bind(now)
        .execute(db)
        .await
        .doing("write down a login")?;
    Ok(())
}

/// Voids every token and session of an account from before now.
///
/// # Errors
/// When the database fails.
pub async fn end_sessions(
    db: impl PgExecutor<'_>,
    user: Uuid,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/end_sessions.sql"))
        .bind(user)
        .bind(now)
        .execute(db)
        .await
        .doing("end an account's sessions")?;
    Ok(())
}

/// An account as its owner sees it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ProfileRow {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub vendor_id: Option<VendorId>,
    pub is_active: bool,
    pub created_at: OffsetDateTime,
    pub last_login_at: Option<OffsetDateTime>,
    pub second_factor: bool,
    pub recovery_codes: i64,
}

impl FromRow<'_, PgRow> for ProfileRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let role: &str = row.try_get("role")?;
        Ok(Self {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            role: role
                .parse()
                .map_err(|error: UnknownRole| sqlx::Error::Decode(error.into()))?,
            vendor_id: row.try_get("vendor_id")?,
            is_active: row.try_get("is_active")?,
            created_at: row.try_get("created_at")?,
            last_login_at: row.try_get("last_login_at")?,
            second_factor: row.try_get("second_factor")?,
            recovery_codes: row.try_get("recovery_codes")?,
        })
    }
}

/// An account as its owner sees it.
///
/// # Errors
/// When the database fails.
pub async fn profile(
    db: impl PgExecutor<'_>,
    user: Uuid,
) -> Result<Option<ProfileRow>, StorageError> {
    sqlx::query_as(include_str!("sql/users/profile.sql"))
        .bind(user)
        .fetch_optional(db)
        .await
        .doing("read an account")
}

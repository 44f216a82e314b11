//! The table of accounts.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};
use std::str::FromStr;
use time::OffsetDateTime;
use uuid::Uuid;

/// What an account may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the platform.
    Admin,
    /// Owns a shop.
    Owner,
    /// Works in a shop.
    Staff,
}

impl Role {
    /// As it stands in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::Staff => "staff",
        }
    }
}

/// The text is no role.
#[derive(Debug, thiserror::Error)]
#[error("no role is named {0:?}; the roles are admin, owner and staff")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "admin" => Ok(Self::Admin),
            "owner" => Ok(Self::Owner),
            "staff" => Ok(Self::Staff),
            _ => Err(UnknownRole(text.to_owned())),
        }
    }
}

/// An account. It has no `Debug`: a password hash does not belong in a log.
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct UserRow {
    pub id: Uuid,
    pub email: String,
    pub password_hash: String,
    pub role: Role,
    pub is_active: bool,
    pub name: String,
    pub vendor_id: Option<VendorId>,
    pub second_factor: bool,
}

impl FromRow<'_, PgRow> for UserRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            password_hash: row.try_get("password_hash")?,
            role: role(row)?,
            is_active: row.try_get("is_active")?,
            name: row.try_get("name")?,
            vendor_id: row.try_get("vendor_id")?,
            second_factor: row.try_get("second_factor")?,
        })
    }
}

fn role(row: &PgRow) -> Result<Role, sqlx::Error> {
    row.try_get::<&str, _>("role")?
        .parse()
        .map_err(|error: UnknownRole| sqlx::Error::Decode(error.into()))
}

/// The account of an address, whatever its capital letters.
///
/// # Errors
/// When the database fails.
pub async fn find_by_email(
    db: impl PgExecutor<'_>,
    email: &str,
) -> Result<Option<UserRow>, StorageError> {
    sqlx::query_as(include_str!("sql/users/find_by_email.sql"))
        .bind(email)
        .fetch_optional(db)
        .await
        .doing("look up an account")
}

/// Who sends a request, as of now.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct CallerRow {
    pub id: Uuid,
    pub email: String,
    pub role: Role,
    pub vendor_id: Option<VendorId>,
}

impl FromRow<'_, PgRow> for CallerRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            role: role(row)?,
            vendor_id: row.try_get("vendor_id")?,
        })
    }
}

/// What an access token states, and is asked about with every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The account.
    pub user: Uuid,
    /// When the token was made.
    pub made_at: OffsetDateTime,
    /// The login that it came from.
    pub login: Uuid,
}

/// The accounts behind access tokens, each at the place of its token; none where
/// the account or the login has ended since the token was made.
///
/// # Errors
/// When the database fails.
pub async fn authenticate_tokens(
    db: impl PgExecutor<'_>,
    tokens: &[Stated],
) -> Result<Vec<Option<CallerRow>>, StorageError> {
    let rows = sqlx::query(include_str!("sql/users/authenticate_tokens.sql"))
        .bind(tokens.iter().map(|one| one.user).collect::<Vec<_>>())
        .bind(tokens.iter().map(|one| one.made_at).collect::<Vec<_>>())
        .bind(tokens.iter().map(|one| one.login).collect::<Vec<_>>())
        .fetch_all(db)
        .await
        .doing("look up who sent a request")?;
    let mut callers: Vec<Option<CallerRow>> = tokens.iter().map(|_| None).collect();
    for row in rows {
        let read = || Ok((row.try_get::<i64, _>("place")?, CallerRow::from_row(&row)?));
        let (place, caller) = read().doing("read who sent a request")?;
        // Counted from one.
        let index = usize::try_from(place - 1).ok();
        if let Some(at) = index.and_then(|index| callers.get_mut(index)) {
            *at = Some(caller);
        }
    }
    Ok(callers)
}

/// The account behind a browser's session that began at `began_at`, unless the
/// account has ended since.
///
/// # Errors
/// When the database fails.
pub async fn authenticate_session(
    db: impl PgExecutor<'_>,
    user: Uuid,
    began_at: OffsetDateTime,
) -> Result<Option<CallerRow>, StorageError> {
    sqlx::query_as(include_str!("sql/users/authenticate_session.sql"))
        .bind(user)
        .bind(began_at)
        .fetch_optional(db)
        .await
        .doing("look up who sent a request")
}

/// Whether there is an administrator.
///
/// # Errors
/// When the database fails.
pub async fn admin_exists(db: impl PgExecutor<'_>) -> Result<bool, StorageError> {
    sqlx::query_scalar(include_str!("sql/users/admin_exists.sql"))
        .fetch_one(db)
        .await
        .doing("look for an administrator")
}

/// Adds the first administrator; `None` when there is one or the address is
/// taken.
///
/// # Errors
/// When the database fails.
pub async fn insert_first_admin(
    db: impl PgExecutor<'_>,
    email: &str,
    password_hash: &str,
    now: OffsetDateTime,
) -> Result<Option<Uuid>, StorageError> {
    sqlx::query_scalar(include_str!("sql/users/insert_first_admin.sql"))
        .bind(Uuid::now_v7())
        .bind(email)
        .bind(password_hash)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("create the administrator")
}

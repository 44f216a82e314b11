//! The table of programs' logins, and of the refresh tokens they have spent.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// A login of a program, about to be written down.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct NewFamily<'a> {
    pub id: Uuid,
    pub user_id: Uuid,
    pub token_hash: &'a str,
    pub user_agent: &'a str,
    pub address: &'a str,
    pub now: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// Adds a login.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: impl PgExecutor<'_>, family: &NewFamily<'_>) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/refresh_families/insert.sql"))
        .bind(family.id)
        .bind(family.user_id)
        .bind(family.token_hash)
        .bind(family.user_agent)
        .bind(family.address)
        .bind(family.now)
        .bind(family.expires_at)
        .execute(db)
        .await
        .doing("write down a login")?;
    Ok(())
}

/// The login that a token was exchanged in, and whose it is.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct RotatedRow {
    pub id: Uuid,
    pub user_id: Uuid,
}

/// What becomes of a login when its token is exchanged.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Rotation<'a> {
    pub old_hash: &'a str,
    pub new_hash: &'a str,
    pub user_agent: &'a str,
    pub address: &'a str,
    pub now: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// Exchanges a token; `None` when it does not work (any more).
///
/// # Errors
/// When the database fails.
pub async fn rotate(
    db: impl PgExecutor<'_>,
    rotation: &Rotation<'_>,
) -> Result<Option<RotatedRow>, StorageError> {
    sqlx::query_as(include_str!("sql/refresh_families/rotate.sql"))
        .bind(rotation.old_hash)
        .bind(rotation.new_hash)
        .bind(rotation.now)
        .bind(rotation.expires_at)
        .bind(rotation.user_agent)
        .bind(rotation.address)
        .fetch_optional(db)
        .await
        .doing("exchange a refresh token")
}

/// A login that was ended because a spent token came back.
#[derive(Clone, Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ReusedRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub email: String,
    pub vendor_id: Option<VendorId>,
}

/// Ends the login of a token that was spent before; `None` when it never was.
///
/// # Errors
/// When the database fails.
pub async fn revoke_reused(
    db: impl PgExecutor<'_>,
    hash: &str,
    now: OffsetDateTime,
) -> Result<Option<ReusedRow>, StorageError> {
    sqlx::query_as(include_str!("sql/refresh_families/revoke_reused.sql"))
        .bind(hash)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("end a login whose token was used twice")
}

/// Ends one login of an account; whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    id: Uuid,
    user: Uuid,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/refresh_families/revoke.sql"))
        .bind(id)
        .bind(user)
        .bind(now)
        .execute(db)
        .await
        .doing("end a login")?;
    Ok(done.rows_affected() > 0)
}

/// Ends the login whose token works now.
///
/// # Errors
/// When the database fails.
pub async fn revoke_by_token(
    db: impl PgExecutor<'_>,
    hash: &str,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/refresh_families/revoke_by_token.sql"))
        .bind(hash)
        .bind(now)
        .execute(db)
        .await
        .doing("end a login")?;
    Ok(())
}

/// Ends every login of an account, but `except`.
///
/// # Errors
/// When the database fails.
pub async fn revoke_all(
    db: impl PgExecutor<'_>,
    user: Uuid,
    except: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/refresh_families/revoke_all.sql"))
        .bind(user)
        .bind(except)
        .bind(now)
        .execute(db)
        .await
        .doing("end an account's logins")?;
    Ok(done.rows_affected())
}

/// A login of a program, as its owner sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct FamilyRow {
    pub id: Uuid,
    pub user_agent: String,
    pub address: String,
    pub created_at: OffsetDateTime,
    pub used_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// The logins of an account that have not ended, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    user: Uuid,
    now: OffsetDateTime,
) -> Result<Vec<FamilyRow>, StorageError> {
    sqlx::query_as(include_str!("sql/refresh_families/list.sql"))
        .bind(user)
        .bind(now)
        .fetch_all(db)
        .await
        .doing("list an account's logins")
}

//! The table of accounts, for those who manage them.

use super::credentials::ProfileRow;
use super::users::Role;
use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// Accounts after one of them, in the order they were made; of one vendor, or
/// of all.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: Option<VendorId>,
    after: Uuid,
    limit: i64,
) -> Result<Vec<ProfileRow>, StorageError> {
    let query = match vendor {
        Some(vendor) => sqlx::query_as(include_str!("sql/users/list_of_vendor.sql"))
            .bind(after)
            .bind(limit)
            .bind(vendor),
        None => sqlx::query_as(include_str!("sql/users/list.sql"))
            .bind(after)
            .bind(limit),
    };
    query.fetch_all(db).await.doing("list accounts")
}

/// An account, about to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct NewAccount<'a> {
    pub id: Uuid,
    pub email: &'a str,
    pub name: &'a str,
    pub role: Role,
    pub vendor_id: Option<VendorId>,
}

/// Adds an account; whether its address was free.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    new: &NewAccount<'_>,
    password_hash: &str,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/users/insert.sql"))
        .bind(new.id)
        .bind(new.email)
        .bind(new.name)
        .bind(password_hash)
        .bind(new.role.as_str())
        .bind(new.vendor_id)
        .bind(now)
        .execute(db)
        .await
        .doing("create an account")?;
    Ok(done.rows_affected() > 0)
}

/// Changes what may be changed of an account.
///
/// # Errors
/// When the database fails.
pub async fn update(
    db: impl PgExecutor<'_>,
    account: &ProfileRow,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/update.sql"))
        .bind(account.id)
        .bind(&account.name)
        .bind(account.role.as_str())
        .bind(account.is_active)
        .bind(now)
        .execute(db)
        .await
        .doing("change an account")?;
    Ok(())
}

/// Removes an account.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: impl PgExecutor<'_>, id: Uuid) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/delete.sql"))
        .bind(id)
        .execute(db)
        .await
        .doing("delete an account")?;
    Ok(())
}

/// Waits for other changes of roles; holds them up until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock_roles(db: impl PgExecutor<'_>) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/lock_roles.sql"))
        .execute(db)
        .await
        .doing("wait for other changes of accounts")?;
    Ok(())
}

/// How many accounts could go on if this one went.
///
/// # Errors
/// When the database fails.
pub async fn others_in_charge(
    db: impl PgExecutor<'_>,
    account: &ProfileRow,
) -> Result<i64, StorageError> {
    sqlx::query_scalar(include_str!("sql/users/others_in_charge.sql"))
        .bind(account.id)
        .bind(account.role.as_str())
        .bind(account.vendor_id)
        .fetch_one(db)
        .await
        .doing("count who else is in charge")
}

/// Whether a shop's plan allows one more account.
///
/// # Errors
/// When the database fails.
pub async fn has_room(db: impl PgExecutor<'_>, vendor: VendorId) -> Result<bool, StorageError> {
    sqlx::query_scalar(include_str!("sql/users/has_room.sql"))
        .bind(vendor)
        .fetch_one(db)
        .await
        .doing("look for room in a plan")
}

/// The name of a shop; `None` when there is no such shop.
///
/// # Errors
/// When the database fails.
pub async fn vendor_name(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
) -> Result<Option<String>, StorageError> {
    sqlx::query_scalar(include_str!("sql/vendors/name.sql"))
        .bind(vendor)
        .fetch_optional(db)
        .await
        .doing("look up a shop")
}

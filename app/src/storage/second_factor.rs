//! An account's second factor: the columns of its secret, and the table of
//! recovery codes.

use super::{Doing, StorageError};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// The second factor of an account. It has no `Debug`: it holds a secret.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct SecondFactorRow {
    /// In clear: an earlier release's, or for it.
    pub plain: Option<Vec<u8>>,
    pub sealed: Option<Vec<u8>>,
    pub confirmed: bool,
}

/// A secret as it is stored.
#[derive(Clone, Copy)]
pub enum Stored<'a> {
    /// In clear, for an earlier release.
    Plain(&'a [u8]),
    /// Sealed.
    Sealed(&'a [u8]),
}

impl<'a> Stored<'a> {
    /// The columns in clear and sealed.
    const fn columns(self) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
        match self {
            Self::Plain(bytes) => (Some(bytes), None),
            Self::Sealed(bytes) => (None, Some(bytes)),
        }
    }
}

/// An account's second factor; `None` without an account.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: Uuid,
) -> Result<Option<SecondFactorRow>, StorageError> {
    sqlx::query_as(include_str!("sql/users/second_factor.sql"))
        .bind(user)
        .fetch_optional(db)
        .await
        .doing("read a second factor")
}

/// Stores a secret that is not in force yet; whether there was room for it.
///
/// # Errors
/// When the database fails.
pub async fn enrol(
    db: impl PgExecutor<'_>,
    user: Uuid,
    secret: Stored<'_>,
) -> Result<bool, StorageError> {
    let (plain, sealed) = secret.columns();
    let done = sqlx::query(include_str!("sql/users/enrol_second_factor.sql"))
        .bind(user)
        .bind(plain)
        .bind(sealed)
        .execute(db)
        .await
        .doing("store a second factor")?;
    Ok(done.rows_affected() > 0)
}

/// Puts a secret in force; whether it still was the one to confirm.
///
/// # Errors
/// When the database fails.
pub async fn confirm(
    db: impl PgExecutor<'_>,
    user: Uuid,
    row: &SecondFactorRow,
    step: i64,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/users/confirm_second_factor.sql"))
        .bind(user)
        .bind(&row.plain)
        .bind(&row.sealed)
        .bind(now)
        .bind(step)
        .execute(db)
        .await
        .doing("confirm a second factor")?;
    Ok(done.rows_affected() > 0)
}

/// Uses up the code of a step; false when it or a later one was used before.
///
/// # Errors
/// When the database fails.
pub async fn use_step(
    db: impl PgExecutor<'_>,
    user: Uuid,
    step: i64,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/users/use_second_factor.sql"))
        .bind(user)
        .bind(step)
        .execute(db)
        .await
        .doing("use a second factor")?;
    Ok(done.rows_affected() > 0)
}

/// Removes the second factor and its recovery codes.
///
/// # Errors
/// When the database fails.
pub async fn disable(connection: &mut PgConnection, user: Uuid) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/users/disable_second_factor.sql"))
        .bind(user)
        .execute(&mut *connection)
        .await
        .doing("remove a second factor")?;
    delete_codes(connection, user).await
}

/// Puts new recovery codes in the place of the old ones.
///
/// # Errors
/// When the database fails.
pub async fn replace_codes(
    connection: &mut PgConnection,
    user: Uuid,
    hashes: &[String],
) -> Result<(), StorageError> {
    delete_codes(&mut *connection, user).await?;
    sqlx::query(include_str!("sql/recovery_codes/insert.sql"))
        .bind(user)
        .bind(hashes)
        .execute(connection)
        .await
        .doing("store recovery codes")?;
    Ok(())
}

/// Uses up a recovery code; whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn use_code(
    db: impl PgExecutor<'_>,
    user: Uuid,
    hash: &str,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/recovery_codes/spend.sql"))
        .bind(user)
        .bind(hash)
        .bind(now)
        .execute(db)
        .await
        .doing("use a recovery code")?;
    Ok(done.rows_affected() > 0)
}

async fn delete_codes(connection: &mut PgConnection, user: Uuid) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/recovery_codes/delete.sql"))
        .bind(user)
        .execute(connection)
        .await
        .doing("delete recovery codes")?;
    Ok(())
}

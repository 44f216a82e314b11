//! The table of programs' logins, and of the refresh tokens they have spent.

use super::{Doing, StorageError};
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

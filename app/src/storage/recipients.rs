//! Accounts as mail needs them.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::{FromRow, PgExecutor};
use uuid::Uuid;

/// Someone to write to.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Recipient {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub is_active: bool,
    pub vendor_id: Option<VendorId>,
    pub vendor_name: String,
}

/// An account, to write to it.
///
/// # Errors
/// When the database fails.
pub async fn find(db: impl PgExecutor<'_>, user: Uuid) -> Result<Option<Recipient>, StorageError> {
    sqlx::query_as(include_str!("sql/users/find_for_mail.sql"))
        .bind(user)
        .fetch_optional(db)
        .await
        .doing("look up whom to write to")
}

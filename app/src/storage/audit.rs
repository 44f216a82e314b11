//! The table of administrative acts. Rows are only added.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// An act, about to be written down.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct NewAct<'a> {
    pub at: OffsetDateTime,
    pub user_id: Option<Uuid>,
    pub user_email: &'a str,
    pub vendor_id: Option<VendorId>,
    pub address: &'a str,
    pub action: &'a str,
    pub subject: &'a str,
    pub detail: &'a Value,
}

/// Adds an act.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: impl PgExecutor<'_>, act: &NewAct<'_>) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/audit_log/insert.sql"))
        .bind(act.at)
        .bind(act.user_id)
        .bind(act.user_email)
        .bind(act.vendor_id)
        .bind(act.address)
        .bind(act.action)
        .bind(act.subject)
        .bind(act.detail)
        .execute(db)
        .await
        .doing("write to the audit log")?;
    Ok(())
}

/// An act that was written down.
#[derive(Clone, Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ActRow {
    pub id: i64,
    pub at: OffsetDateTime,
    pub user_id: Option<Uuid>,
    pub user_email: String,
    pub vendor_id: Option<VendorId>,
    pub address: String,
    pub action: String,
    pub subject: String,
    pub detail: Value,
}

/// Acts before one of them, the newest first; for one vendor, or all.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: Option<VendorId>,
    before: i64,
    limit: i64,
) -> Result<Vec<ActRow>, StorageError> {
    let query = match vendor {
        Some(vendor) => sqlx::query_as(include_str!("sql/audit_log/list_of_vendor.sql"))
            .bind(before)
            .bind(limit)
            .bind(vendor),
        None => sqlx::query_as(include_str!("sql/audit_log/list.sql"))
            .bind(before)
            .bind(limit),
    };
    query.fetch_all(db).await.doing("read the audit log")
}

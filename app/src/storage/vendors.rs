//! The table of vendors.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use crate::domain::vendor::{NewVendor, VendorPatch};
use serde::Serialize;
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A vendor.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Vendor)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct VendorRow {
    pub id: VendorId,
    pub slug: String,
    pub name: String,
    pub currency: String,
    pub address: String,
    pub vat_id: String,
    pub invoice_prefix: String,
    pub vat_rate_bp: i32,
    pub is_active: bool,
    pub revision: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Vendors by their numbers.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    cursor: i64,
    limit: i64,
) -> Result<Vec<VendorRow>, StorageError> {
    sqlx::query_as(include_str!("sql/vendors/list.sql"))
        .bind(cursor)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list vendors")
}

/// One vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    id: VendorId,
) -> Result<Option<VendorRow>, StorageError> {
    sqlx::query_as(include_str!("sql/vendors/find.sql"))
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up a vendor")
}

/// The active vendor at an address of the shop.
///
/// # Errors
/// When the database fails.
pub async fn find_by_slug(
    db: impl PgExecutor<'_>,
    slug: &str,
) -> Result<Option<VendorRow>, StorageError> {
    sqlx::query_as(include_str!("sql/vendors/find_by_slug.sql"))
        .bind(slug)
        .fetch_optional(db)
        .await
        .doing("look up a vendor by its address")
}

/// Adds a vendor, without its plan ([`super::plans::subscribe`]). A slug that
/// is taken breaks `vendors_slug_key`.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    new: &NewVendor,
    now: OffsetDateTime,
) -> Result<VendorRow, StorageError> {
    sqlx::query_as(include_str!("sql/vendors/insert.sql"))
        .bind(&new.slug)
        .bind(&new.name)
        .bind(&new.currency)
        .bind(&new.address)
        .bind(&new.vat_id)
        .bind(&new.invoice_prefix)
        .bind(new.vat_rate_bp)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("add a vendor")
}

/// Changes a vendor, but for its plan; `None` when there is none of this
/// number and revision.
///
/// # Errors
/// When the database fails; a taken slug breaks `vendors_slug_key`.
pub async fn update(
    db: impl PgExecutor<'_>,
    id: VendorId,
    revision: Option<i32>,
    patch: &VendorPatch,
    now: OffsetDateTime,
) -> Result<Option<VendorRow>, StorageError> {
    sqlx::query_as(include_str!("sql/vendors/update.sql"))
        .bind(id)
        .bind(revision)
        .bind(&patch.name)
        .bind(&patch.address)
        .bind(&patch.vat_id)
        .bind(&patch.invoice_prefix)
        .bind(patch.vat_rate_bp)
        .bind(&patch.slug)
        .bind(patch.is_active)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("change a vendor")
}

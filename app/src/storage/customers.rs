//! The table of customers.

use super::{Doing, StorageError};
use crate::domain::ids::{CustomerId, VendorId};
use crate::domain::order::NewCustomer;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A customer of a vendor.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Customer)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct CustomerRow {
    pub id: CustomerId,
    pub vendor_id: VendorId,
    pub email: String,
    pub name: String,
    pub address: String,
    pub country: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Changes to a customer; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "as of NewCustomer")]
pub struct CustomerPatch {
    pub email: Option<String>,
    pub name: Option<String>,
    pub address: Option<String>,
    pub country: Option<String>,
}

/// A vendor's customers by their numbers, or the one with an address.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    cursor: i64,
    email: Option<&str>,
    limit: i64,
) -> Result<Vec<CustomerRow>, StorageError> {
    sqlx::query_as(include_str!("sql/customers/list.sql"))
        .bind(vendor)
        .bind(cursor)
        .bind(email)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list customers")
}

/// One customer of a vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: CustomerId,
) -> Result<Option<CustomerRow>, StorageError> {
    sqlx::query_as(include_str!("sql/customers/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up a customer")
}

/// Adds a customer. An address that is taken breaks `customers_email_key`.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    new: &NewCustomer,
    now: OffsetDateTime,
) -> Result<CustomerRow, StorageError> {
    sqlx::query_as(include_str!("sql/customers/insert.sql"))
        .bind(vendor)
        .bind(&new.email)
        .bind(&new.name)
        .bind(&new.address)
        .bind(&new.country)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("add a customer")
}

/// Changes a customer; `None` when the vendor has none of this number.
///
/// # Errors
/// When the database fails; a taken address breaks `customers_email_key`.
pub async fn update(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: CustomerId,
    patch: &CustomerPatch,
    now: OffsetDateTime,
) -> Result<Option<CustomerRow>, StorageError> {
    sqlx::query_as(include_str!("sql/customers/update.sql"))
        .bind(vendor)
        .bind(id)
        .bind(&patch.email)
        .bind(&patch.name)
        .bind(&patch.address)
        .bind(&patch.country)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("change a customer")
}

/// Removes a customer; says whether there was one. Orders stay.
///
/// # Errors
/// When the database fails.
pub async fn delete(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: CustomerId,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/customers/delete.sql"))
        .bind(vendor)
        .bind(id)
        .execute(db)
        .await
        .doing("remove a customer")?;
    Ok(done.rows_affected() > 0)
}

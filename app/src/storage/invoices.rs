//! The table of invoices. Rows are written with their orders
//! ([`super::placing::place`]) and never change.

use super::{Doing, StorageError};
use crate::domain::ids::{InvoiceId, OrderId, VendorId};
use serde::Serialize;
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An invoice.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Invoice)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct InvoiceRow {
    pub id: InvoiceId,
    pub vendor_id: VendorId,
    pub order_id: OrderId,
    pub number: i64,
    pub label: String,
    pub total_cents: i64,
    pub vat_rate_bp: i32,
    pub currency: String,
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
}

/// A vendor's invoices with numbers below `before`, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<InvoiceRow>, StorageError> {
    sqlx::query_as(include_str!("sql/invoices/list.sql"))
        .bind(vendor)
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list invoices")
}

/// One invoice of a vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: InvoiceId,
) -> Result<Option<InvoiceRow>, StorageError> {
    sqlx::query_as(include_str!("sql/invoices/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up an invoice")
}

/// The invoice of an order.
///
/// # Errors
/// When the database fails.
pub async fn find_by_order(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    order: OrderId,
) -> Result<Option<InvoiceRow>, StorageError> {
    sqlx::query_as(include_str!("sql/invoices/find_by_order.sql"))
        .bind(vendor)
        .bind(order)
        .fetch_optional(db)
        .await
        .doing("look up the invoice of an order")
}

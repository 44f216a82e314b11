//! The table of credit notes: what takes an invoice back. Rows are written
//! when an order is cancelled or refunded, and never change.

use super::{Doing, StorageError};
use crate::domain::ids::{CreditNoteId, InvoiceId, OrderId, VendorId};
use crate::domain::order::OrderStatus;
use serde::Serialize;
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A credit note. The amounts are those of the invoice that it takes back.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = CreditNote)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct CreditNoteRow {
    pub id: CreditNoteId,
    pub vendor_id: VendorId,
    pub invoice_id: InvoiceId,
    pub invoice_label: String,
    pub order_id: OrderId,
    pub number: i64,
    pub label: String,
    /// `cancelled` or `refunded`.
    pub reason: OrderStatus,
    pub total_cents: i64,
    pub vat_rate_bp: i32,
    pub currency: String,
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
}

/// A credit note that was just issued.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Issued {
    pub id: CreditNoteId,
    pub label: String,
}

/// Takes back the invoice of an order that was called off, with the vendor's
/// next number. `None` when the order has no
/// invoice, or one that was taken back before.
///
/// # Errors
/// When the database fails.
pub async fn issue(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    order: OrderId,
    reason: OrderStatus,
    now: OffsetDateTime,
) -> Result<Option<Issued>, StorageError> {
    sqlx::query_as(include_str!("sql/credit_notes/issue.sql"))
        .bind(vendor)
        .bind(order)
        .bind(reason)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("issue a credit note")
}

/// At most `limit` orders of any vendor that were called off and whose invoice
/// nothing takes back.
///
/// # Errors
/// When the database fails.
pub async fn due(
    db: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<(VendorId, OrderId)>, StorageError> {
    sqlx::query_as(include_str!("sql/credit_notes/due.sql"))
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("look for credit notes that are due")
}

/// A vendor's credit notes with numbers below `before`, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<CreditNoteRow>, StorageError> {
    sqlx::query_as(include_str!("sql/credit_notes/list.sql"))
        .bind(vendor)
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list credit notes")
}

/// One credit note of a vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: CreditNoteId,
) -> Result<Option<CreditNoteRow>, StorageError> {
    sqlx::query_as(include_str!("sql/credit_notes/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up a credit note")
}

/// The credit note of an order.
///
/// # Errors
/// When the database fails.
pub async fn find_by_order(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    order: OrderId,
) -> Result<Option<CreditNoteRow>, StorageError> {
    sqlx::query_as(include_str!("sql/credit_notes/find_by_order.sql"))
        .bind(vendor)
        .bind(order)
        .fetch_optional(db)
        .await
        .doing("look up the credit note of an order")
}

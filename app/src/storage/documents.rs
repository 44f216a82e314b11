//! What is printed on documents: orders and invoices with everything around
//! them, as confirmations, invoice mails and PDF files show them.

use super::{Doing, StorageError};
use crate::domain::ids::{InvoiceId, OrderId, VendorId};
use sqlx::{FromRow, PgConnection, PgExecutor};
use time::OffsetDateTime;

/// An order with its shop and its customer.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct OrderFacts {
    pub id: OrderId,
    pub status: String,
    pub total_cents: i64,
    pub currency: String,
    pub placed_at: OffsetDateTime,
    pub note: String,
    pub shop_name: String,
    pub shop_address: String,
    pub shop_vat_id: String,
    /// None when nobody is named, or nobody who has an address.
    pub customer_email: Option<String>,
    pub customer_name: String,
    pub customer_address: String,
    pub customer_country: String,
}

/// One line of an order.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ItemFacts {
    pub sku: String,
    pub name: String,
    pub quantity: i32,
    pub price_cents: i64,
}

/// An invoice.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct InvoiceFacts {
    pub id: InvoiceId,
    pub order_id: OrderId,
    pub label: String,
    pub total_cents: i64,
    pub vat_rate_bp: i32,
    pub currency: String,
    pub issued_at: OffsetDateTime,
}

/// An order and its lines; `None` when the vendor has no such order.
///
/// # Errors
/// When the database fails.
pub async fn order(
    db: &mut PgConnection,
    vendor: VendorId,
    order: OrderId,
) -> Result<Option<(OrderFacts, Vec<ItemFacts>)>, StorageError> {
    let Some(facts) = facts_of(db, vendor, order).await? else {
        return Ok(None);
    };
    let items = sqlx::query_as(include_str!("sql/documents/items.sql"))
        .bind(vendor)
        .bind(order)
        .fetch_all(&mut *db)
        .await
        .doing("read an order's lines for a document")?;
    Ok(Some((facts, items)))
}

/// Where the documents of an order may be sent; `None` when nobody is named, or
/// nobody who has an address.
///
/// # Errors
/// When the database fails.
pub async fn customer_email(
    db: &mut PgConnection,
    vendor: VendorId,
    order: OrderId,
) -> Result<Option<String>, StorageError> {
    let facts = facts_of(db, vendor, order).await?;
    Ok(facts.and_then(|facts| facts.customer_email))
}

async fn facts_of(
    db: &mut PgConnection,
    vendor: VendorId,
    order: OrderId,
) -> Result<Option<OrderFacts>, StorageError> {
    sqlx::query_as(include_str!("sql/documents/order.sql"))
        .bind(vendor)
        .bind(order)
        .fetch_optional(db)
        .await
        .doing("read an order for a document")
}

/// An invoice; `None` when the vendor has no such invoice.
///
/// # Errors
/// When the database fails.
pub async fn invoice(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    invoice: InvoiceId,
) -> Result<Option<InvoiceFacts>, StorageError> {
    sqlx::query_as(include_str!("sql/documents/invoice.sql"))
        .bind(vendor)
        .bind(invoice)
        .fetch_optional(db)
        .await
        .doing("read an invoice for a document")
}

//! Orders of other marketplaces.

use super::{Doing, StorageError};
use crate::domain::ids::{CustomerId, OrderId, VendorId};
use crate::domain::order::OrderStatus;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// Who bought, as the marketplace says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Customer<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub address: &'a str,
    pub country: &'a str,
}

/// An order, as the marketplace says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Order<'a> {
    pub source: &'a str,
    pub external_id: &'a str,
    pub status: &'a str,
    pub total_cents: i64,
    pub currency: &'a str,
    pub note: &'a str,
    pub placed_at: OffsetDateTime,
}

/// Its items, column by column.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Items {
    pub sku: Vec<String>,
    pub name: Vec<String>,
    pub quantity: Vec<i32>,
    pub price_cents: Vec<i64>,
}

/// The customer with that address, added or brought up to date.
///
/// # Errors
/// When the database fails.
pub async fn upsert_customer(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    customer: &Customer<'_>,
    now: OffsetDateTime,
) -> Result<CustomerId, StorageError> {
    sqlx::query_scalar(include_str!("sql/imported_orders/upsert_customer.sql"))
        .bind(vendor)
        .bind(customer.email)
        .bind(customer.name)
        .bind(customer.address)
        .bind(customer.country)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("match the customer of an imported order")
}

/// Adds an order with its items; `None` when it was imported before.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    connection: &mut PgConnection,
    vendor: VendorId,
    customer: CustomerId,
    order: &Order<'_>,
    items: &Items,
    now: OffsetDateTime,
) -> Result<Option<OrderId>, StorageError> {
    let id: Option<OrderId> = sqlx::query_scalar(include_str!("sql/imported_orders/insert.sql"))
        .bind(vendor)
        .bind(customer)
        .bind(order.status)
        .bind(order.total_cents)
        .bind(order.currency)
        .bind(order.source)
        .bind(order.external_id)
        .bind(order.note)
        .bind(order.placed_at)
        .bind(now)
        .fetch_optional(&mut *connection)
        .await
        .doing("add an imported order")?;
    let Some(id) = id else { return Ok(None) };
    sqlx::query(include_str!("sql/imported_orders/insert_items.sql"))
        .bind(id)
        .bind(vendor)
        .bind(&items.sku)
        .bind(&items.name)
        .bind(&items.quantity)
        .bind(&items.price_cents)
        .execute(connection)
        .await
        .doing("add the items of an imported order")?;
    Ok(Some(id))
}

/// Brings an order that was imported before up to date; gives the order and
/// its state when that changed anything.
///
/// # Errors
/// When the database fails.
pub async fn update(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    order: &Order<'_>,
    now: OffsetDateTime,
) -> Result<Option<(OrderId, OrderStatus)>, StorageError> {
    sqlx::query_as(include_str!("sql/imported_orders/update.sql"))
        .bind(vendor)
        .bind(order.source)
        .bind(order.external_id)
        .bind(order.status)
        .bind(order.note)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("bring an imported order up to date")
}

/// Gives an order the vendor's next invoice number.
///
/// # Errors
/// When the database fails.
pub async fn insert_invoice(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/imported_orders/insert_invoice.sql"))
        .bind(vendor)
        .bind(order)
        .bind(now)
        .execute(db)
        .await
        .doing("invoice an imported order")
        .map(drop)
}

//! The tables of orders and their items.

use super::{Doing, StorageError};
use crate::domain::ids::{CustomerId, OrderId, ProductId, VendorId};
use crate::domain::order::OrderStatus;
use serde::Serialize;
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Order)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct OrderRow {
    pub id: OrderId,
    pub vendor_id: VendorId,
    pub user_id: Option<Uuid>,
    pub customer_id: Option<CustomerId>,
    pub status: OrderStatus,
    pub total_cents: i64,
    pub currency: String,
    pub source: String,
    pub external_id: Option<String>,
    pub note: String,
    pub revision: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub placed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// An item of an order, as it was when the order was placed.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = OrderItem)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ItemRow {
    pub product_id: Option<ProductId>,
    pub sku: String,
    pub name: String,
    pub quantity: i32,
    pub price_cents: i64,
}

/// What of a vendor's orders is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Older than this one.
    pub before: Option<OrderId>,
    /// At most how many.
    pub limit: i64,
    /// In this state only.
    pub status: Option<OrderStatus>,
    /// Of this customer only.
    pub customer: Option<CustomerId>,
}

/// A vendor's orders, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    filter: Filter,
) -> Result<Vec<OrderRow>, StorageError> {
    sqlx::query_as(include_str!("sql/orders/list.sql"))
        .bind(vendor)
        .bind(filter.before)
        .bind(filter.status)
        .bind(filter.customer)
        .bind(filter.limit)
        .fetch_all(db)
        .await
        .doing("list orders")
}

/// One order of a vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: OrderId,
) -> Result<Option<OrderRow>, StorageError> {
    sqlx::query_as(include_str!("sql/orders/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up an order")
}

/// One order of a vendor, which nobody else changes until the transaction
/// ends.
///
/// # Errors
/// When the database fails.
pub async fn lock(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: OrderId,
) -> Result<Option<OrderRow>, StorageError> {
    sqlx::query_as(include_str!("sql/orders/lock.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("lock an order")
}

/// Moves an order to another state. Whether that may follow is asked before
/// ([`OrderStatus::may_become`]), under [`lock`].
///
/// # Errors
/// When the database fails.
pub async fn set_status(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: OrderId,
    status: OrderStatus,
    now: OffsetDateTime,
) -> Result<OrderRow, StorageError> {
    sqlx::query_as(include_str!("sql/orders/set_status.sql"))
        .bind(vendor)
        .bind(id)
        .bind(status)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("move an order to another state")
}

/// Puts the pieces of an order back into stock.
///
/// # Errors
/// When the database fails.
pub async fn give_back(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: OrderId,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/order_items/give_back.sql"))
        .bind(vendor)
        .bind(id)
        .bind(now)
        .execute(db)
        .await
        .doing("put the pieces of an order back into stock")?;
    Ok(())
}

/// The items of an order.
///
/// # Errors
/// When the database fails.
pub async fn items(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: OrderId,
) -> Result<Vec<ItemRow>, StorageError> {
    sqlx::query_as(include_str!("sql/order_items/list.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_all(db)
        .await
        .doing("list the items of an order")
}

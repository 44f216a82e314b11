//! The tables of orders and their items.

use super::{Doing, StorageError};
use crate::domain::ids::{CustomerId, InvoiceId, OrderId, ProductId, VendorId};
use crate::domain::order::{NewCustomer, OrderStatus};
use crate::queue::enqueue::MAX_ATTEMPTS;
use crate::queue::job::Job;
use crate::queue::jobs::order_confirmation::OrderConfirmation;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};
use std::collections::BTreeMap;
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

/// What is needed to place an order.
#[derive(Clone, Debug)]
pub struct Placing<'a> {
    /// How many of which product.
    pub wanted: &'a BTreeMap<ProductId, i32>,
    /// The only vendor whose products may be ordered; `None`: any one.
    pub vendor: Option<VendorId>,
    /// Who places it, if that is a user of the platform.
    pub user: Option<Uuid>,
    /// For whom.
    pub customer: Option<&'a NewCustomer>,
    /// Where it comes from, such as `api` or `shop`.
    pub source: &'a str,
    /// What the customer said.
    pub note: &'a str,
    /// The time.
    pub now: OffsetDateTime,
}

/// An order that was placed.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct PlacedOrder {
    pub id: OrderId,
    pub vendor_id: VendorId,
    pub customer_id: Option<CustomerId>,
    pub total_cents: i64,
    pub currency: String,
    pub invoice_id: InvoiceId,
    pub invoice_number: String,
}

/// What placing an order came to.
#[derive(Clone, Debug)]
pub enum Placement {
    /// It is placed.
    Placed(PlacedOrder),
    /// Products that are not there, not on sale, or not of the vendor.
    Missing(Vec<ProductId>),
    /// Products of another vendor than the first.
    Strangers(Vec<ProductId>),
    /// Products of which there are too few.
    Short(Vec<ProductId>),
    /// The vendor's plan allows no more orders this month.
    PlanLimit,
}

/// Places an order: stock, order, items, invoice and the job that confirms it,
/// all or nothing. It is the caller's to wait for the disk after the commit
/// ([`crate::durability`]) and then to wake the workers ([`crate::queue::wakeup`]).
///
/// # Errors
/// When the database fails.
pub async fn place(
    db: impl PgExecutor<'_>,
    placing: &Placing<'_>,
) -> Result<Placement, StorageError> {
    let ids: Vec<ProductId> = placing.wanted.keys().copied().collect();
    let quantities: Vec<i32> = placing.wanted.values().copied().collect();
    let customer = placing.customer;
    let row = sqlx::query(include_str!("sql/orders/place.sql"))
        .bind(ids)
        .bind(quantities)
        .bind(placing.vendor)
        .bind(placing.user)
        .bind(placing.now)
        .bind(customer.map(|customer| customer.email.as_str()))
        .bind(customer.map(|customer| customer.name.as_str()))
        .bind(customer.map(|customer| customer.address.as_str()))
        .bind(customer.map(|customer| customer.country.as_str()))
        .bind(placing.source)
        .bind(placing.note)
        .bind(Uuid::now_v7())
        .bind(OrderConfirmation::QUEUE.as_str())
        .bind(OrderConfirmation::KIND)
        .bind(MAX_ATTEMPTS)
        .fetch_one(db)
        .await;
    match row {
        Ok(row) => placement(&row).doing("read a placed order"),
        Err(sqlx::Error::Database(error))
            if error.constraint() == Some("invoice_counters_plan_limit") =>
        {
            Ok(Placement::PlanLimit)
        }
        Err(error) => Err(error).doing("place an order"),
    }
}

fn placement(row: &PgRow) -> Result<Placement, sqlx::Error> {
    type Finding = fn(Vec<ProductId>) -> Placement;
    let findings: [(&str, Finding); 3] = [
        ("missing", Placement::Missing),
        ("strangers", Placement::Strangers),
        ("short", Placement::Short),
    ];
    for (column, finding) in findings {
        let ids: Vec<ProductId> = row.try_get(column)?;
        if !ids.is_empty() {
            return Ok(finding(ids));
        }
    }
    Ok(Placement::Placed(PlacedOrder {
        id: row.try_get("id")?,
        vendor_id: row.try_get("vendor_id")?,
        customer_id: row.try_get("customer_id")?,
        total_cents: row.try_get("total_cents")?,
        currency: row.try_get("currency")?,
        invoice_id: row.try_get("invoice_id")?,
        invoice_number: row.try_get("invoice_number")?,
    }))
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

//! Placing orders: one by itself, or many in one statement.

use super::{Doing, StorageError};
use crate::domain::ids::{CustomerId, InvoiceId, OrderId, ProductId, VendorId};
use crate::domain::order::NewCustomer;
use crate::queue::enqueue::MAX_ATTEMPTS;
use crate::queue::job::Job;
use crate::queue::jobs::order_confirmation::OrderConfirmation;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// What is needed to place an order.
#[derive(Clone, Debug)]
pub struct Placing {
    /// How many of which product.
    pub wanted: BTreeMap<ProductId, i32>,
    /// The only vendor whose products may be ordered; `None`: any one.
    pub vendor: Option<VendorId>,
    /// Who places it, if that is a user of the platform.
    pub user: Option<Uuid>,
    /// For whom.
    pub customer: Option<NewCustomer>,
    /// Where it comes from, such as `api` or `shop`.
    pub source: &'static str,
    /// What the customer said.
    pub note: String,
    /// The time.
    pub now: OffsetDateTime,
}

/// An order that was placed.
#[derive(Clone, Debug, FromRow)]
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
pub async fn place(db: impl PgExecutor<'_>, placing: &Placing) -> Result<Placement, StorageError> {
    let ids: Vec<ProductId> = placing.wanted.keys().copied().collect();
    let quantities: Vec<i32> = placing.wanted.values().copied().collect();
    let customer = placing.customer.as_ref();
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
        .bind(&placing.note)
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
    PlacedOrder::from_row(row).map(Placement::Placed)
}

/// Places many orders in one statement, all of them or none. None, and so an
/// empty list, when there is anything to be said against one of them: each by
/// itself ([`place`]) then says what. Otherwise each is at its place.
///
/// It waits for locks no longer than 100 ms; two orders of one customer break
/// it. The rest is as for [`place`].
///
/// # Errors
/// When the database fails.
pub async fn place_many(
    db: impl PgExecutor<'_>,
    orders: &[&Placing],
) -> Result<Vec<PlacedOrder>, StorageError> {
    fn each<'a, T>(orders: &[&'a Placing], of: impl Fn(&'a Placing) -> T) -> Vec<T> {
        orders.iter().map(|order| of(order)).collect()
    }
    fn customers<'a>(
        orders: &[&'a Placing],
        of: impl Fn(&'a NewCustomer) -> &'a str,
    ) -> Vec<Option<&'a str>> {
        each(orders, |order| order.customer.as_ref().map(&of))
    }
    let (mut places, mut products, mut quantities) = (Vec::new(), Vec::new(), Vec::new());
    for (place, order) in (1_i32..).zip(orders) {
        for (product, quantity) in &order.wanted {
            places.push(place);
            products.push(*product);
            quantities.push(*quantity);
        }
    }
    let rows = sqlx::query(include_str!("sql/orders/place_many.sql"))
        .bind(places)
        .bind(products)
        .bind(quantities)
        .bind(each(orders, |order| order.vendor))
        .bind(each(orders, |order| order.user))
        .bind(each(orders, |order| order.now))
        .bind(customers(orders, |customer| &customer.email))
        .bind(customers(orders, |customer| &customer.name))
        .bind(customers(orders, |customer| &customer.address))
        .bind(customers(orders, |customer| &customer.country))
        .bind(each(orders, |order| order.source))
        .bind(each(orders, |order| order.note.as_str()))
        .bind(each(orders, |_| Uuid::now_v7()))
        .bind(OrderConfirmation::QUEUE.as_str())
        .bind(OrderConfirmation::KIND)
        .bind(MAX_ATTEMPTS)
        .fetch_all(db)
        .await
        .doing("place orders")?;
    let all = match rows.len() {
        0 => Ok(Vec::new()),
        some if some == orders.len() => rows.iter().map(PlacedOrder::from_row).collect(),
        _ => Err(sqlx::Error::RowNotFound),
    };
    all.doing("read placed orders")
}

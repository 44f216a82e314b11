//! Plans, vendors' subscriptions to them, and what they were billed.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use crate::payments::stripe::AsOf;
use crate::payments::types::{Invoice, Subscription};
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;

/// A plan.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct PlanRow {
    pub code: String,
    pub name: String,
    pub price_minor: i64,
    pub currency: String,
    pub stripe_price_id: Option<String>,
}

/// A vendor and its subscription; without one it has the free plan.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct BillingRow {
    pub vendor_name: String,
    pub vendor_since: OffsetDateTime,
    pub plan_code: String,
    pub status: String,
    pub stripe_customer_id: Option<String>,
    pub stripe_subscription_id: Option<String>,
    pub current_period_end: Option<OffsetDateTime>,
    pub cancel_at_period_end: bool,
}

/// An invoice of the platform to a vendor.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct BillRow {
    pub stripe_invoice_id: String,
    pub status: String,
    pub total_minor: i64,
    pub currency: String,
    pub hosted_url: String,
    pub created_at: OffsetDateTime,
}

/// What became of the payment provider's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Written {
    /// It was news.
    Written,
    /// Something newer is known.
    Older,
    /// Something of the same second is known.
    SameMoment,
    /// The customer is nobody we know.
    Unknown,
}

/// The plans, cheapest first.
///
/// # Errors
/// When the database fails.
pub async fn plans(db: impl PgExecutor<'_>) -> Result<Vec<PlanRow>, StorageError> {
    sqlx::query_as(include_str!("sql/billing/plans.sql"))
        .fetch_all(db)
        .await
        .doing("list the plans")
}

/// What a vendor has subscribed to; `None` when there is no such vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
) -> Result<Option<BillingRow>, StorageError> {
    sqlx::query_as(include_str!("sql/billing/find.sql"))
        .bind(vendor)
        .fetch_optional(db)
        .await
        .doing("look up a subscription")
}

/// Notes a vendor's name at the payment provider; the first one stays.
///
/// # Errors
/// When the database fails.
pub async fn set_customer(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    customer: &str,
    now: OffsetDateTime,
) -> Result<String, StorageError> {
    sqlx::query_scalar(include_str!("sql/billing/set_customer.sql"))
        .bind(vendor)
        .bind(customer)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("note a customer")
}

/// Names at the payment provider of all vendors that have one, in order of the
/// vendors, after `after`.
///
/// # Errors
/// When the database fails.
pub async fn customers(
    db: impl PgExecutor<'_>,
    after: VendorId,
    limit: i64,
) -> Result<Vec<(VendorId, String)>, StorageError> {
    sqlx::query_as(include_str!("sql/billing/customers.sql"))
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list the customers")
}

/// Writes down a subscription, unless something newer is known. One that was
/// `fetched` wins over a word of the same second.
///
/// # Errors
/// When the database fails.
pub async fn write_subscription(
    db: impl PgExecutor<'_>,
    said: &AsOf<Subscription>,
    fetched: bool,
) -> Result<Written, StorageError> {
    let subscription = &said.value;
    let item = subscription.items.data.first();
    let end = item.and_then(|item| item.current_period_end);
    sqlx::query_scalar(include_str!("sql/billing/write_subscription.sql"))
        .bind(&subscription.customer)
        .bind(&subscription.id)
        .bind(&subscription.status)
        .bind(item.map(|item| &item.price.id))
        .bind(end.and_then(|end| OffsetDateTime::from_unix_timestamp(end).ok()))
        .bind(subscription.cancel_at_period_end)
        .bind(said.at)
        .bind(fetched)
        .fetch_one(db)
        .await
        .doing("write down a subscription")
}

/// Writes down an invoice, as [`write_subscription`] does.
///
/// # Errors
/// When the database fails.
pub async fn write_invoice(
    db: impl PgExecutor<'_>,
    said: &AsOf<Invoice>,
    fetched: bool,
) -> Result<Written, StorageError> {
    let invoice = &said.value;
    let created = OffsetDateTime::from_unix_timestamp(invoice.created);
    sqlx::query_scalar(include_str!("sql/billing/write_invoice.sql"))
        .bind(&invoice.customer)
        .bind(&invoice.id)
        .bind(invoice.status.as_deref().unwrap_or("draft"))
        .bind(invoice.total)
        .bind(invoice.currency.to_ascii_uppercase())
        .bind(invoice.hosted_invoice_url.as_deref().unwrap_or_default())
        .bind(created.unwrap_or(said.at))
        .bind(said.at)
        .bind(fetched)
        .fetch_one(db)
        .await
        .doing("write down an invoice of the platform")
}

/// A vendor's newest invoices from the platform.
///
/// # Errors
/// When the database fails.
pub async fn bills(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    limit: i64,
) -> Result<Vec<BillRow>, StorageError> {
    sqlx::query_as(include_str!("sql/billing/bills.sql"))
        .bind(vendor)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list the invoices of the platform")
}

//! Plans, and which vendor has which.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use serde::Serialize;
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A plan; a limit that is absent is none.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Plan)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct PlanRow {
    pub code: String,
    pub name: String,
    pub price_minor: i64,
    pub currency: String,
    pub max_products: Option<i32>,
    pub max_orders_month: Option<i32>,
    pub max_users: Option<i32>,
    #[serde(skip)]
    pub stripe_price_id: Option<String>,
}

/// What a vendor's plan allows. A vendor without a subscription is the
/// platform's own and has no limits.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Limits {
    pub plan: Option<String>,
    pub max_products: Option<i32>,
    pub max_orders_month: Option<i32>,
    pub max_users: Option<i32>,
}

/// A vendor's subscription, its limits and what of them is used.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
#[schema(as = Subscription)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct SubscriptionRow {
    pub plan_code: String,
    pub plan_name: String,
    pub status: String,
    #[serde(with = "time::serde::rfc3339::option")]
    pub current_period_end: Option<OffsetDateTime>,
    pub cancel_at_period_end: bool,
    pub max_products: Option<i32>,
    pub max_orders_month: Option<i32>,
    pub max_users: Option<i32>,
    pub products: i64,
    pub users: i64,
    pub orders_month: i64,
}

/// All plans, in the order in which they are offered.
///
/// # Errors
/// When the database fails.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<PlanRow>, StorageError> {
    sqlx::query_as(include_str!("sql/plans/list.sql"))
        .fetch_all(db)
        .await
        .doing("list plans")
}

/// A vendor's limits; its row stays locked until the transaction ends, so that
/// counting and adding is one step. `None` when there is no such vendor.
///
/// # Errors
/// When the database fails.
pub async fn hold(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
) -> Result<Option<Limits>, StorageError> {
    sqlx::query_as(include_str!("sql/plans/hold.sql"))
        .bind(vendor)
        .fetch_optional(db)
        .await
        .doing("read a plan's limits")
}

/// A vendor's subscription.
///
/// # Errors
/// When the database fails.
pub async fn subscription(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    now: OffsetDateTime,
) -> Result<Option<SubscriptionRow>, StorageError> {
    sqlx::query_as(include_str!("sql/subscriptions/find.sql"))
        .bind(vendor)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("look up a subscription")
}

/// Puts a vendor on a plan. One that does not exist breaks
/// `subscriptions_plan_code_fkey`.
///
/// # Errors
/// When the database fails.
pub async fn subscribe(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    plan: &str,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/subscriptions/set_plan.sql"))
        .bind(vendor)
        .bind(plan)
        .bind(now)
        .execute(db)
        .await
        .doing("put a vendor on a plan")?;
    Ok(())
}

//! What the dashboard shows.

use super::{Doing, StorageError};
use crate::domain::ids::{ProductId, VendorId};
use crate::domain::zone::Zone;
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;

/// A product and whose it is.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct NewestRow {
    pub id: ProductId,
    pub sku: String,
    pub name: String,
    pub description: String,
    pub price_cents: i64,
    pub currency: String,
    pub stock: i32,
    pub created_at: OffsetDateTime,
    pub vendor: String,
}

/// One day's sales in one currency.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "see the statement")]
pub struct DayRow {
    pub day: OffsetDateTime,
    pub currency: String,
    pub orders: i64,
    pub revenue: i64,
}

/// The newest products, of one vendor or of all.
///
/// # Errors
/// When the database fails.
pub async fn newest_products(
    db: impl PgExecutor<'_>,
    vendor: Option<VendorId>,
    limit: i64,
) -> Result<Vec<NewestRow>, StorageError> {
    // Two statements, so that each walks its own index backwards.
    let query = match vendor {
        None => sqlx::query_as(include_str!("sql/dashboard/newest_products.sql")).bind(limit),
        Some(vendor) => sqlx::query_as(include_str!("sql/dashboard/newest_products_of.sql"))
            .bind(limit)
            .bind(vendor),
    };
    let rows = query.fetch_all(db).await;
    rows.doing("list the newest products")
}

/// Sales by day since a moment, of one vendor or of all.
///
/// # Errors
/// When the database fails.
pub async fn sales(
    db: impl PgExecutor<'_>,
    vendor: Option<VendorId>,
    since: OffsetDateTime,
    zone: &Zone,
) -> Result<Vec<DayRow>, StorageError> {
    sqlx::query_as(include_str!("sql/dashboard/sales.sql"))
        .bind(vendor)
        .bind(since)
        .bind(zone.name())
        .fetch_all(db)
        .await
        .doing("add up the sales")
}

/// How many orders wait for payment or shipping.
///
/// # Errors
/// When the database fails.
pub async fn waiting(db: impl PgExecutor<'_>, vendor: VendorId) -> Result<i64, StorageError> {
    sqlx::query_scalar(include_str!("sql/dashboard/waiting.sql"))
        .bind(vendor)
        .fetch_one(db)
        .await
        .doing("count the orders that wait")
}

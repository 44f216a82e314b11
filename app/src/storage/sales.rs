//! What was sold, for reports: as streams, so that a long report needs no
//! more memory than a short one.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use futures_util::{Stream, StreamExt};
use sqlx::PgPool;
use time::Date;

/// Whose sales, and when: days in a time zone, both ends included.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Range {
    pub vendor: VendorId,
    pub from: Date,
    pub to: Date,
    pub zone: String,
}

/// A line of a report; a day, a product, or both.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Sales {
    #[sqlx(default)]
    pub day: Option<Date>,
    #[sqlx(default)]
    pub sku: String,
    #[sqlx(default)]
    pub name: String,
    pub orders: i64,
    pub items: i64,
    pub revenue_cents: i64,
}

/// How sales are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum By {
    Day,
    Product,
    DayAndProduct,
}

/// The lines of a report, in its order.
pub fn read<'a>(
    pool: &'a PgPool,
    range: &'a Range,
    by: By,
) -> impl Stream<Item = Result<Sales, StorageError>> + Send + 'a {
    let sql = match by {
        By::Day => include_str!("sql/sales/by_day.sql"),
        By::Product => include_str!("sql/sales/by_product.sql"),
        By::DayAndProduct => include_str!("sql/sales/by_day_and_product.sql"),
    };
    sqlx::query_as(sql)
        .bind(range.vendor)
        .bind(range.from)
        .bind(range.to)
        .bind(&range.zone)
        .fetch(pool)
        .map(|row| row.doing("read sales"))
}

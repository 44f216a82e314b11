//! Which orders were confirmed: one row for each.

use super::{Doing, StorageError};
use crate::domain::ids::{OrderId, VendorId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Whose order waits for its confirmation; `None` when it was confirmed, or is
/// gone, or is not of the vendor asked for.
///
/// # Errors
/// When the database fails.
pub async fn pending(
    db: impl PgExecutor<'_>,
    order: OrderId,
    of: Option<VendorId>,
) -> Result<Option<VendorId>, StorageError> {
    sqlx::query_scalar(include_str!("sql/order_confirmations/pending.sql"))
        .bind(order)
        .bind(of)
        .fetch_optional(db)
        .await
        .doing("look up whether an order was confirmed")
}

/// Writes down that an order was confirmed; a second time changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/order_confirmations/insert.sql"))
        .bind(order)
        .bind(now)
        .execute(db)
        .await
        .doing("write down an order's confirmation")?;
    Ok(())
}

//! Which orders were confirmed: one row for each.

use super::{Doing, StorageError};
use crate::domain::ids::{CustomerId, OrderId, VendorId};
use sqlx::{FromRow, PgExecutor};
use time::OffsetDateTime;

/// An order that waits for its confirmation.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Pending {
    /// At whom it was placed.
    pub vendor_id: VendorId,
    /// For whom; `None` when nobody is named.
    pub customer_id: Option<CustomerId>,
}

/// The order, while it waits; `None` when it was confirmed, or is gone, or is
/// not of the vendor asked for.
///
/// # Errors
/// When the database fails.
pub async fn pending(
    db: impl PgExecutor<'_>,
    order: OrderId,
    of: Option<VendorId>,
) -> Result<Option<Pending>, StorageError> {
    sqlx::query_as(include_str!("sql/order_confirmations/pending.sql"))
        .bind(order)
        .bind(of)
        .fetch_optional(db)
        .await
        .doing("look up whether an order was confirmed")
}

/// Writes down that an order was confirmed; a second time changes nothing. Not
/// on disk when it returns, but before anything that is committed later.
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

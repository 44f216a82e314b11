//! Which orders were confirmed: one row for each.

use super::together::{Batches, Failed, Together};
use super::{Doing, StorageError};
use crate::clock::SharedClock;
use crate::domain::ids::{OrderId, VendorId};
use futures_util::FutureExt;
use sqlx::{PgExecutor, PgPool, Row};
use time::OffsetDateTime;

/// An order that is to be confirmed.
#[derive(Clone, Copy, Debug)]
pub struct Unconfirmed {
    /// Which.
    pub order: OrderId,
    /// The only vendor at whom it may be; `None`: any one.
    pub of: Option<VendorId>,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was confirmed, or is gone, or is not of the vendor that was named.
    Over,
    /// It names no customer. Nobody is told, and so it is confirmed.
    Settled,
    /// A customer waits for its confirmation.
    Waits {
        /// At whom it was placed.
        vendor: VendorId,
    },
}

/// Orders that are to be confirmed, looked up many at once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Confirmations(Together<Unconfirmed, Standing>);

impl Confirmations {
    /// Those of this database.
    #[must_use]
    pub fn new(pool: PgPool, clock: SharedClock) -> Self {
        let batches = Batches {
            most: 64,
            side_by_side: 1,
        };
        Self(Together::new(batches, move |orders: Vec<Unconfirmed>| {
            let (pool, now) = (pool.clone(), clock.now());
            async move { begin(&pool, &orders, now).await }.boxed()
        }))
    }

    /// How an order stands, now that it is to be confirmed. One that is settled
    /// thereby is not on disk when this returns, but before anything that is
    /// committed later.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(&self, order: Unconfirmed) -> Result<Standing, Failed> {
        self.0.find(order).await
    }
}

async fn begin(
    db: impl PgExecutor<'_>,
    orders: &[Unconfirmed],
    now: OffsetDateTime,
) -> Result<Vec<Standing>, StorageError> {
    let rows = sqlx::query(include_str!("sql/order_confirmations/begin.sql"))
        .bind(orders.iter().map(|one| one.order).collect::<Vec<_>>())
        .bind(orders.iter().map(|one| one.of).collect::<Vec<_>>())
        .bind(now)
        .fetch_all(db)
        .await
        .doing("look up whether orders were confirmed")?;
    let mut standings = vec![Standing::Over; orders.len()];
    for row in rows {
        let read = || {
            let standing = match row.try_get("has_customer")? {
                true => Standing::Waits {
                    vendor: row.try_get("vendor_id")?,
                },
                false => Standing::Settled,
            };
            Ok((row.try_get::<i64, _>("place")?, standing))
        };
        let (place, standing) = read().doing("read whether an order was confirmed")?;
        // Counted from one.
        let index = usize::try_from(place - 1).ok();
        if let Some(at) = index.and_then(|index| standings.get_mut(index)) {
            *at = standing;
        }
    }
    Ok(standings)
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

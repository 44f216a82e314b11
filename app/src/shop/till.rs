//! Orders are placed together.
//!
//! Most of what placing an order costs PostgreSQL is the statement, not the
//! rows: eight orders in one statement take three times as long as one. So
//! whatever comes while others are being placed waits for them and is then
//! placed in one statement ([`crate::storage::together`]). If there is anything
//! to be said against one of these orders, nothing has happened, and each is
//! placed by itself, a few at a time: those of one shop wait for its counter of
//! invoices anyway, and PostgreSQL lets many wait at a high price.

use crate::errors::AppError;
use crate::storage::StorageError;
use crate::storage::placing::{self, Placement, Placing};
use crate::storage::together::{Batches, Together};
use futures_util::FutureExt;
use sqlx::PgPool;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Orders in one statement; with more, each waits longer for the others than
/// it saves.
const MOST: usize = 16;
/// While one statement waits for its commit or a lock, the next one works.
const SIDE_BY_SIDE: usize = 2;
/// At least so many by themselves at once, however few processors there are:
/// one that waits for a lock must not keep all others waiting.
const FEWEST: usize = 8;
/// Errors after which each order is placed by itself: a constraint (the plan's
/// limit of orders), one customer twice, a circle of locks, a lock that did not
/// come soon. None of them leaves anything behind.
const BROKEN: [&str; 4] = ["23514", "21000", "40P01", "55P03"];

/// Places orders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Till {
    pool: PgPool,
    /// `None` for an order that is to be placed by itself.
    together: Together<Arc<Placing>, Option<Placement>>,
    turns: Arc<Semaphore>,
}

impl Till {
    /// A till of this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let batches = Batches {
            most: MOST,
            side_by_side: SIDE_BY_SIDE,
        };
        let database = pool.clone();
        Self {
            together: Together::new(batches, move |orders: Vec<Arc<Placing>>| {
                let pool = database.clone();
                async move { together(&pool, &orders).await }.boxed()
            }),
            pool,
            turns: Arc::new(Semaphore::new(FEWEST.max(2 * processors))),
        }
    }

    /// Places an order; it is not on disk when this returns.
    ///
    /// # Errors
    /// When the database fails or the process is stopping.
    pub async fn place(&self, placing: Placing) -> Result<Placement, AppError> {
        let placing = Arc::new(placing);
        if let Some(placement) = self.together.find(Arc::clone(&placing)).await? {
            return Ok(placement);
        }
        let _turn = self.turn().await?;
        Ok(placing::place(&self.pool, &placing).await?)
    }

    /// Waits for a turn at placing an order by itself, which ends when it is
    /// dropped.
    ///
    /// # Errors
    /// When the process is stopping.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>, AppError> {
        self.turns
            .acquire()
            .await
            .map_err(|error| AppError::Unavailable(format!("no turn to place an order: {error}")))
    }
}

async fn together(
    pool: &PgPool,
    orders: &[Arc<Placing>],
) -> Result<Vec<Option<Placement>>, StorageError> {
    let mut customers = HashSet::new();
    let alone: Vec<bool> = orders
        .iter()
        .map(|order| {
            let customer = order.customer.as_ref();
            customer.is_some_and(|one| !customers.insert(one.email.to_lowercase()))
        })
        .collect();
    let many: Vec<&Placing> = orders
        .iter()
        .zip(&alone)
        .filter_map(|(order, alone)| (!alone).then_some(&**order))
        .collect();
    let placed = match placing::place_many(pool, &many).await {
        Ok(placed) => placed,
        Err(error) if is_broken(&error) => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut placed = placed.into_iter();
    let answers = alone.iter().map(|alone| match alone {
        true => None,
        false => placed.next().map(Placement::Placed),
    });
    Ok(answers.collect())
}

fn is_broken(error: &StorageError) -> bool {
    let said = match &error.source {
        sqlx::Error::Database(said) => said.code(),
        _ => None,
    };
    said.is_some_and(|code| BROKEN.contains(&&*code))
}

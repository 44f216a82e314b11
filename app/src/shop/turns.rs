//! Orders are placed a few at a time.
//!
//! Those of one shop wait for its counter of invoices anyway, and PostgreSQL
//! lets many wait at a high price: with 32 at once it places half as many orders
//! of one shop as with 8 (`benches/peer`, the statement by itself). So they wait
//! here, in the order in which they came.

use crate::errors::AppError;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// At least so many at once, however few processors there are: one that waits
/// for a lock must not keep all others waiting.
const FEWEST: usize = 8;

/// Turns at placing an order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    /// Two for each processor.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(FEWEST.max(2 * processors))))
    }
}

impl Turns {
    /// Waits for a turn, which ends when it is dropped.
    ///
    /// # Errors
    /// When the process is stopping.
    pub async fn take(&self) -> Result<SemaphorePermit<'_>, AppError> {
        self.0
            .acquire()
            .await
            .map_err(|error| AppError::Unavailable(format!("no turn to place an order: {error}")))
    }
}

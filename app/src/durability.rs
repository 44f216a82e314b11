//! Answering only when it is on disk, without every transaction waiting for a
//! flush of its own.
//!
//! The number of an invoice comes from one row per vendor, and whoever has
//! locked it keeps it until the commit is on disk: orders at one vendor would
//! wait for one flush each. So an order commits without waiting, which gives
//! the lock back at once, and is answered after [`Durability::written`]: one
//! flush for all orders that were committed before it began. What is lost in a
//! crash has never been answered, and it is lost as a whole: PostgreSQL's log
//! is written in order, so whatever had seen the lost order is lost with it.

use crate::storage::{StorageError, connect, durability};
use sqlx::PgPool;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// The flush failed: what was committed may or may not be there after a crash.
#[derive(Clone, Debug, thiserror::Error)]
#[error("what was committed may not be on disk: {0}")]
pub struct NotWritten(Arc<StorageError>);

/// Flushes, shared by whoever waits for one. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Durability {
    /// One connection of its own: an order that is committed must not be
    /// refused because requests have taken all the others.
    pool: PgPool,
    state: Arc<Mutex<State>>,
}

type Waiter = oneshot::Sender<Result<(), NotWritten>>;

#[derive(Debug, Default)]
struct State {
    /// Those for whom the running flush began too early.
    waiting: Vec<Waiter>,
    flushing: bool,
}

impl Durability {
    /// Flushes of this pool's database. Needs a runtime.
    #[must_use]
    pub fn new(pool: &PgPool) -> Self {
        Self {
            pool: connect::lazy_pool(&pool.connect_options(), 1, "wizamart flush"),
            state: Arc::default(),
        }
    }

    /// Returns when everything that was committed before the call is on disk.
    /// Needs a runtime.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn written(&self) -> Result<(), NotWritten> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waiting.push(sender);
            if !state.flushing {
                state.flushing = true;
                tokio::spawn(self.clone().flush());
            }
        }
        receiver.await.unwrap_or_else(|_| {
            // The task is gone, and the runtime with it.
            let source = sqlx::Error::WorkerCrashed;
            let action = "wait for a flush";
            Err(NotWritten(Arc::new(StorageError { action, source })))
        })
    }

    async fn flush(self) {
        while let Some(waiting) = self.take() {
            let result = durability::flush(&self.pool).await;
            let result = result.map_err(|error| NotWritten(Arc::new(error)));
            for waiter in waiting {
                // Whoever no longer waits has gone.
                let _ = waiter.send(result.clone());
            }
        }
    }

    /// Those to flush for; `None` ends the task.
    fn take(&self) -> Option<Vec<Waiter>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut state.waiting);
        state.flushing = !waiting.is_empty();
        state.flushing.then_some(waiting)
    }
}

//! Waking the workers of a queue after a commit, for those who enqueue often.
//!
//! A notification inside a transaction makes PostgreSQL commit such
//! transactions one after the other, each with its own flush to disk. Orders
//! are too many for that: they insert their job without a notification and
//! call [`Wakeups::wake`] when they are committed. Notifications are sent
//! beside the requests, one at a time, and one stands for all wake-ups that
//! were asked for meanwhile. One that is lost costs a moment: workers also
//! look by themselves.

use crate::storage::jobs;
use onebox_model::QueueName;
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Sends wake-ups. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wakeups {
    pool: PgPool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Queues whose workers are to be woken.
    wanted: BTreeSet<&'static str>,
    /// Whether a task is at it.
    sending: bool,
}

impl Wakeups {
    /// Wake-ups through this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            state: Arc::default(),
        }
    }

    /// Wakes the workers of a queue, soon. What they are to find is committed.
    /// Needs a runtime.
    pub fn wake(&self, queue: QueueName) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.wanted.insert(queue.as_str());
        if !state.sending {
            state.sending = true;
            tokio::spawn(self.clone().send());
        }
    }

    async fn send(self) {
        while let Some(queues) = self.take() {
            for queue in queues {
                if let Err(error) = jobs::wake(&self.pool, queue).await {
                    tracing::warn!("{error}; they will look by themselves");
                }
            }
        }
    }

    /// What is wanted; `None` ends the task.
    fn take(&self) -> Option<BTreeSet<&'static str>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = std::mem::take(&mut state.wanted);
        state.sending = !wanted.is_empty();
        state.sending.then_some(wanted)
    }
}

//! What the worker believes it holds, and how to stop each of it. A lease is
//! here from the fetch until its end is recorded.

use crate::storage::leases::Lease;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// The run of a lease; `None` while it waits to be started.
type Run = Option<AbortHandle>;

#[derive(Debug, Default)]
pub(super) struct Held(Mutex<HashMap<Lease, Run>>);

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashMap<Lease, Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, lease: Lease) {
        self.lock().insert(lease, None);
    }

    /// Its run has begun. One that is over and recorded by now stays away.
    pub(super) fn started(&self, lease: &Lease, task: AbortHandle) {
        if let Some(run) = self.lock().get_mut(lease) {
            *run = Some(task);
        }
    }

    pub(super) fn has(&self, lease: &Lease) -> bool {
        self.lock().contains_key(lease)
    }

    pub(super) fn remove(&self, lease: &Lease) {
        self.lock().remove(lease);
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn leases(&self) -> Vec<Lease> {
        self.lock().keys().copied().collect()
    }

    /// Stops a run; says whether there was something to stop.
    pub(super) fn abort(&self, lease: &Lease) -> bool {
        match self.lock().remove(lease) {
            Some(Some(task)) => {
                let runs = !task.is_finished();
                task.abort();
                runs
            }
            Some(None) => true,
            None => false,
        }
    }
}

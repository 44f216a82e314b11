//! What the worker believes it holds, and how to stop each of it.

use crate::storage::leases::Lease;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

#[derive(Debug, Default)]
pub(super) struct Held(Mutex<HashMap<Lease, AbortHandle>>);

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashMap<Lease, AbortHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, lease: Lease, task: AbortHandle) {
        // A run that is over by now has removed itself before it was here.
        if !task.is_finished() {
            self.lock().insert(lease, task);
        }
    }

    pub(super) fn remove(&self, lease: &Lease) {
        self.lock().remove(lease);
    }

    pub(super) fn leases(&self) -> Vec<Lease> {
        self.lock().keys().copied().collect()
    }

    /// Stops a run whose job belongs to someone else now.
    pub(super) fn abort(&self, lease: &Lease) -> bool {
        let task = self.lock().remove(lease);
        task.inspect(AbortHandle::abort).is_some()
    }
}

//! What this process remembers of flags, while it hears of changes.

use crate::domain::ids::VendorId;
use crate::storage::flags::FlagRow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;

/// Vendors that are remembered at most; more begin anew.
const MOST: usize = 10_000;

/// Grows whenever something may have changed: an answer that was on its way at
/// that moment is not remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Era(u64);

#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    hearing: bool,
    era: Era,
    vendors: HashMap<VendorId, (Arc<[FlagRow]>, OffsetDateTime)>,
}

impl Remembered {
    /// What is known of a vendor, and the era to hand to [`Self::put`].
    pub(super) fn get(
        &self,
        vendor: VendorId,
        now: OffsetDateTime,
    ) -> (Option<Arc<[FlagRow]>>, Era) {
        let state = self.lock();
        let known = state
            .vendors
            .get(&vendor)
            .filter(|(_, until)| now < *until)
            .map(|(flags, _)| Arc::clone(flags));
        (known, state.era)
    }

    pub(super) fn put(
        &self,
        vendor: VendorId,
        flags: Arc<[FlagRow]>,
        until: OffsetDateTime,
        era: Era,
    ) {
        let mut state = self.lock();
        if state.hearing && state.era == era {
            if state.vendors.len() >= MOST {
                state.vendors.clear();
            }
            state.vendors.insert(vendor, (flags, until));
        }
    }

    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.era.0 += 1;
        state.vendors.clear();
    }

    /// From now on changes are heard of, or not.
    pub(super) fn set_hearing(&self, hearing: bool) {
        self.lock().hearing = hearing;
        self.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

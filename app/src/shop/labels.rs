//! Products as lists show them, written once for each version of them.
//!
//! PostgreSQL says which products a list has and in which version; what a
//! version says never changes. So a text that is kept here is never wrong, and
//! nothing has to be told of changes: a new version is asked for by its own name
//! and takes the old one's place.

use crate::domain::ids::ProductId;
use lru::LruCache;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes an entry takes beside its text: its place in the map and in the list,
/// the counters, and what the allocator rounds up.
const BESIDE: usize = 128;

/// What a product says, in JSON.
pub type Text = Arc<RawValue>;

/// Texts of products, the latest used, up to so many bytes; each is of a version
/// `V`.
#[derive(Debug)]
pub struct Labels<V> {
    room: usize,
    kept: Mutex<Kept<V>>,
}

#[derive(Debug)]
struct Kept<V> {
    labels: LruCache<ProductId, (V, Text)>,
    bytes: usize,
}

impl<V: PartialEq> Labels<V> {
    /// None yet, and at most so many bytes of them.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self {
            room,
            kept: Mutex::new(Kept {
                labels: LruCache::unbounded(),
                bytes: 0,
            }),
        }
    }

    /// The texts that are here, each at the place of its product.
    #[must_use]
    pub fn find(&self, wanted: impl Iterator<Item = (ProductId, V)>) -> Vec<Option<Text>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        wanted
            .map(|(id, wanted)| match kept.labels.get(&id) {
                Some((version, text)) if *version == wanted => Some(Arc::clone(text)),
                _ => None,
            })
            .collect()
    }

    /// Keeps these in place of what was there of the same products.
    pub fn keep(&self, fresh: impl IntoIterator<Item = (ProductId, V, Text)>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, version, text) in fresh {
            kept.bytes += size(&text);
            if let Some((_, old)) = kept.labels.put(id, (version, text)) {
                kept.bytes -= size(&old);
            }
        }
        let mut dropped = Vec::new();
        while kept.bytes > self.room
            && let Some((_, (_, text))) = kept.labels.pop_lru()
        {
            kept.bytes -= size(&text);
            dropped.push(text);
        }
        // What is dropped gives its memory back after the lock.
        drop(kept);
    }
}

fn size(text: &Text) -> usize {
    BESIDE + text.get().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn text(json: &str) -> Text {
        RawValue::from_string(json.to_owned()).unwrap().into()
    }

    fn put(labels: &Labels<i32>, id: i64, version: i32, json: &str) {
        labels.keep([(ProductId(id), version, text(json))]);
    }

    fn found(labels: &Labels<i32>, id: i64, version: i32) -> Option<String> {
        let mut found = labels.find([(ProductId(id), version)].into_iter());
        found.remove(0).map(|text| text.get().to_owned())
    }

    #[test]
    fn a_text_is_found_for_its_version_only() {
        let labels = Labels::new(10_000);
        put(&labels, 1, 2, "\"two\"");
        assert_eq!(found(&labels, 1, 2).unwrap(), "\"two\"");
        assert_eq!(found(&labels, 1, 3), None);
        assert_eq!(found(&labels, 2, 2), None);
        put(&labels, 1, 3, "\"three\"");
        assert_eq!(found(&labels, 1, 2), None);
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let labels = Labels::new(3 * (BESIDE + 1));
        (1..=3).for_each(|id| put(&labels, id, 1, "0"));
        assert!(found(&labels, 1, 1).is_some());
        put(&labels, 4, 1, "0");
        let left = [1, 2, 3, 4].map(|id| found(&labels, id, 1).is_some());
        assert_eq!(left, [true, false, true, true]);
    }

    proptest! {
        #[test]
        fn the_bytes_are_counted_and_what_is_found_was_kept(
            steps in proptest::collection::vec((0i64..8, 0i32..4, 1usize..200), 1..100),
            room in 0usize..2000,
        ) {
            let labels = Labels::new(room);
            let mut last = HashMap::new();
            for (id, revision, length) in steps {
                let json = "7".repeat(length);
                put(&labels, id, revision, &json);
                last.insert(id, (revision, json));
                let kept = labels.kept.lock().unwrap();
                let bytes: usize = kept.labels.iter().map(|(_, (_, text))| size(text)).sum();
                prop_assert_eq!(bytes, kept.bytes);
                prop_assert!(bytes <= room);
            }
            for (id, (revision, json)) in last {
                if let Some(found) = found(&labels, id, revision) {
                    prop_assert_eq!(found, json);
                }
            }
        }
    }
}

//! Products as lists show them, written once for each version of them.
//!
//! PostgreSQL says which products a list has and in which version; what a
//! version says never changes. So a text that is kept here is never wrong, and
//! nothing has to be told of changes: a new version is asked for by its own name
//! and takes the old one's place.

use crate::domain::ids::ProductId;
use crate::storage::stretches::{Named, Version};
use lru::LruCache;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes an entry takes beside its text: its place in the map and in the list,
/// the counters, and what the allocator rounds up.
const BESIDE: usize = 128;

/// What a product says, in JSON.
pub type Text = Arc<RawValue>;

/// Texts of products, the latest used, up to so many bytes.
#[derive(Debug)]
pub struct Labels {
    room: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    labels: LruCache<ProductId, (Version, Text)>,
    bytes: usize,
}

impl Labels {
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
    pub fn find(&self, wanted: &[Named]) -> Vec<Option<Text>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        wanted
            .iter()
            .map(|wanted| match kept.labels.get(&wanted.id) {
                Some((version, text)) if *version == wanted.version => Some(Arc::clone(text)),
                _ => None,
            })
            .collect()
    }

    /// Keeps these in place of what was there of the same products.
    pub fn keep(&self, fresh: impl IntoIterator<Item = (Named, Text)>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (named, text) in fresh {
            kept.bytes += size(&text);
            if let Some((_, old)) = kept.labels.put(named.id, (named.version, text)) {
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

    fn named(id: i64, revision: i32, changed: i64) -> Named {
        let version = Version { revision, changed };
        let id = ProductId(id);
        Named { id, version }
    }

    fn text(json: &str) -> Text {
        RawValue::from_string(json.to_owned()).unwrap().into()
    }

    fn found(labels: &Labels, wanted: Named) -> Option<String> {
        let mut found = labels.find(&[wanted]);
        found.remove(0).map(|text| text.get().to_owned())
    }

    #[test]
    fn a_version_is_found_by_its_revision_and_its_time() {
        let labels = Labels::new(10_000);
        labels.keep([(named(1, 2, 30), text("\"two\""))]);
        assert_eq!(found(&labels, named(1, 2, 30)).unwrap(), "\"two\"");
        assert_eq!(found(&labels, named(1, 3, 30)), None);
        assert_eq!(found(&labels, named(1, 2, 31)), None);
        assert_eq!(found(&labels, named(2, 2, 30)), None);
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let labels = Labels::new(3 * (BESIDE + 1));
        labels.keep((1..=3).map(|id| (named(id, 1, 0), text("0"))));
        assert!(found(&labels, named(1, 1, 0)).is_some());
        labels.keep([(named(4, 1, 0), text("0"))]);
        let left = [1, 2, 3, 4].map(|id| found(&labels, named(id, 1, 0)).is_some());
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
                labels.keep([(named(id, revision, 0), text(&json))]);
                last.insert(id, (revision, json));
                let kept = labels.kept.lock().unwrap();
                let bytes: usize = kept.labels.iter().map(|(_, (_, text))| size(text)).sum();
                prop_assert_eq!(bytes, kept.bytes);
                prop_assert!(bytes <= room);
            }
            for (id, (revision, json)) in last {
                if let Some(found) = found(&labels, named(id, revision, 0)) {
                    prop_assert_eq!(found, json);
                }
            }
        }
    }
}

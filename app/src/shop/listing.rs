//! Stretches of what is on sale, put together from texts that are kept
//! ([`super::labels`]).

use super::labels::{Labels, Text};
use crate::domain::ids::ProductId;
use crate::storage::stretches::{self, Listed, Named, Stretch, Version};
use crate::storage::{Doing, StorageError};
use serde::{Serialize, Serializer};
use serde_json::value;
use sqlx::PgPool;
use std::collections::{BTreeSet, HashMap};

/// A product in a list, already in JSON.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which product, in which version.
    pub named: Named,
    text: Text,
}

impl Shown {
    /// Bytes of its JSON.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.get().len()
    }

    fn of(row: &Listed) -> Result<Self, StorageError> {
        let text = value::to_raw_value(&row.product()?);
        let text = text.map_err(|error| sqlx::Error::Decode(error.into()));
        Ok(Self {
            named: row.named()?,
            text: text.doing("write a product as JSON")?.into(),
        })
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

/// Stretches, each as one statement found it: its products are in the versions
/// that were named, or else all of it is read anew.
///
/// # Errors
/// When the database fails.
pub async fn show(
    db: &PgPool,
    labels: &Labels<Version>,
    asked: &[Stretch],
) -> Result<Vec<Vec<Shown>>, StorageError> {
    let named = stretches::named(db, asked).await?;
    let mut pages: Vec<Page> = named
        .into_iter()
        .map(|names| Page::of(names, labels))
        .collect();
    let missing: BTreeSet<ProductId> = pages.iter().flat_map(Page::missing).collect();
    if !missing.is_empty() {
        let missing: Vec<ProductId> = missing.into_iter().collect();
        let rows = stretches::listed(db, &missing).await?;
        let fresh = written(&rows, labels)?;
        let fresh = fresh.iter().map(|one| (one.named.id, one)).collect();
        pages.iter_mut().for_each(|page| page.fill(&fresh));
    }
    let torn: Vec<Stretch> = asked
        .iter()
        .zip(&pages)
        .filter_map(|(asked, page)| page.missing().next().map(|_| *asked))
        .collect();
    let mut again = match torn.is_empty() {
        true => Vec::new(),
        false => stretches::whole(db, &torn).await?,
    }
    .into_iter();
    let shown = pages.into_iter().map(|page| match page.shown() {
        Some(shown) => Ok(shown),
        None => written(&again.next().unwrap_or_default(), labels),
    });
    shown.collect()
}

/// Writes these, and keeps them for the next time.
fn written(rows: &[Listed], labels: &Labels<Version>) -> Result<Vec<Shown>, StorageError> {
    let fresh = rows.iter().map(Shown::of).collect::<Result<Vec<_>, _>>()?;
    let kept = fresh
        .iter()
        .map(|one| (one.named.id, one.named.version, Text::clone(&one.text)));
    labels.keep(kept);
    Ok(fresh)
}

/// The products of a stretch, and the texts there are of these versions.
struct Page {
    names: Vec<Named>,
    texts: Vec<Option<Text>>,
}

impl Page {
    fn of(names: Vec<Named>, labels: &Labels<Version>) -> Self {
        let texts = labels.find(names.iter().map(|one| (one.id, one.version)));
        Self { names, texts }
    }

    fn missing(&self) -> impl Iterator<Item = ProductId> {
        let both = self.names.iter().zip(&self.texts);
        both.filter(|(_, text)| text.is_none())
            .map(|(named, _)| named.id)
    }

    fn fill(&mut self, fresh: &HashMap<ProductId, &Shown>) {
        for (named, text) in self.names.iter().zip(&mut self.texts) {
            if text.is_none() {
                // One that has changed meanwhile is not the one that was named.
                let one = fresh.get(&named.id).filter(|one| one.named == *named);
                *text = one.map(|one| Text::clone(&one.text));
            }
        }
    }

    /// Complete, or nothing.
    fn shown(self) -> Option<Vec<Shown>> {
        let both = self.names.into_iter().zip(self.texts);
        both.map(|(named, text)| Some(Shown { named, text: text? }))
            .collect()
    }
}

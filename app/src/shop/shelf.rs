//! What is on sale, as everybody sees it: read for many at once
//! ([`crate::storage::together`]), for these are the questions that come most.

use super::details::{self, Detail};
use super::labels::Labels;
use super::listing::{self, Shown};
use crate::domain::ids::ProductId;
use crate::storage::products::{self, PublicDetail};
use crate::storage::reads::Reads;
use crate::storage::stretches::Stretch;
use crate::storage::together::{Batches, Failed, Together};
use futures_util::FutureExt;
use std::sync::Arc;

/// Bytes of texts to keep where the operator's machine is not known.
pub const USUAL_ROOM: usize = 4 << 20;

/// The products on sale. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shelf {
    one: Together<ProductId, Option<Arc<PublicDetail>>>,
    detail: Together<ProductId, Option<Detail>>,
    stretch: Together<Stretch, Vec<Shown>>,
}

impl Shelf {
    /// What is on sale by this database; up to `room` bytes of it are kept as
    /// they were written.
    #[must_use]
    pub fn new(reads: Reads, room: usize) -> Self {
        let (lists, said) = (reads.clone(), reads.clone());
        let listed = Arc::new(Labels::new(room / 2));
        let detailed = Arc::new(Labels::new(room / 2));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // A row costs next to nothing, so the fewer statements the better. A
        // stretch is work for the database, which has to go on while answers
        // are written.
        let rows = Batches {
            most: 64,
            side_by_side: processors.div_ceil(2),
        };
        let stretches = Batches {
            most: 8,
            side_by_side: processors,
        };
        Self {
            one: Together::new(rows, move |ids: Vec<ProductId>| {
                let reads = reads.clone();
                async move { products::find_public(reads.pool(), &ids).await }.boxed()
            }),
            detail: Together::new(rows, move |ids: Vec<ProductId>| {
                let (reads, labels) = (said.clone(), Arc::clone(&detailed));
                async move { details::show(reads.pool(), &labels, &ids).await }.boxed()
            }),
            stretch: Together::new(stretches, move |asked: Vec<Stretch>| {
                let (reads, labels) = (lists.clone(), Arc::clone(&listed));
                async move { listing::show(reads.pool(), &labels, &asked).await }.boxed()
            }),
        }
    }

    /// One product, with what is known of its vendor.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ProductId) -> Result<Option<Arc<PublicDetail>>, Failed> {
        self.one.find(id).await
    }

    /// The same in JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn detail(&self, id: ProductId) -> Result<Option<Detail>, Failed> {
        self.detail.find(id).await
    }

    /// Products of all vendors by their numbers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, asked: Stretch) -> Result<Vec<Shown>, Failed> {
        self.stretch.find(asked).await
    }
}

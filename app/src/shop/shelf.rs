//! What is on sale, as everybody sees it: read for many at once
//! ([`crate::storage::together`]), for these are the questions that come most.

use crate::domain::ids::ProductId;
use crate::storage::products::{self, PublicDetail, PublicRows, Stretch};
use crate::storage::reads::Reads;
use crate::storage::together::{Batches, Failed, Together};
use futures_util::FutureExt;
use std::sync::Arc;

/// The products on sale. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shelf {
    one: Together<ProductId, Option<Arc<PublicDetail>>>,
    stretch: Together<Stretch, PublicRows>,
}

impl Shelf {
    /// What is on sale by this database.
    #[must_use]
    pub fn new(reads: Reads) -> Self {
        let lists = reads.clone();
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
            stretch: Together::new(stretches, move |asked: Vec<Stretch>| {
                let reads = lists.clone();
                async move { products::stretches(reads.pool(), &asked).await }.boxed()
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

    /// Products of all vendors by their numbers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, asked: Stretch) -> Result<PublicRows, Failed> {
        self.stretch.find(asked).await
    }
}

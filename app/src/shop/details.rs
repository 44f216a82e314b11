//! Products with their vendors, from texts that are kept ([`super::labels`]).

use super::labels::{Labels, Text};
use crate::domain::ids::{ProductId, VendorId};
use crate::storage::products::{self, PublicDetail, PublicProduct, Versions};
use crate::storage::{Doing, StorageError};
use serde::Serialize;
use serde_json::value;
use sqlx::PgPool;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A product and who sells it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicProductDetail)]
pub struct Said<'a> {
    #[serde(flatten)]
    product: PublicProduct<'a>,
    vendor: Seller<'a>,
}

/// Who sells it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductVendor)]
pub struct Seller<'a> {
    id: VendorId,
    name: &'a str,
}

/// [`Said`] in JSON.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Of which versions.
    pub versions: Versions,
    /// What they say.
    pub text: Text,
}

impl Detail {
    fn of(row: &PublicDetail) -> Result<(ProductId, Self), StorageError> {
        let (product, name) = row.parts()?;
        let (id, vendor) = (product.id, product.vendor_id);
        let vendor = Seller { id: vendor, name };
        let text = value::to_raw_value(&Said { product, vendor });
        let text = text.map_err(|error| sqlx::Error::Decode(error.into()));
        let text = text.doing("write a product as JSON")?.into();
        let versions = row.versions()?;
        Ok((id, Self { versions, text }))
    }
}

/// Products on sale, each at the place of its number.
///
/// # Errors
/// When the database fails.
pub async fn show(
    db: &PgPool,
    labels: &Labels<Versions>,
    ids: &[ProductId],
) -> Result<Vec<Option<Detail>>, StorageError> {
    let named = products::name_public(db, ids).await?;
    let texts = labels.find(named.iter().copied());
    let mut found = HashMap::with_capacity(named.len());
    let mut missing = Vec::new();
    for ((id, versions), text) in named.into_iter().zip(texts) {
        match text {
            Some(text) => drop(found.insert(id, Detail { versions, text })),
            None => missing.push(id),
        }
    }
    if !missing.is_empty() {
        // Whatever version each has now: it is later than the question.
        let rows = products::find_public(db, &missing).await?;
        let fresh = rows.iter().flatten().map(|row| Detail::of(row));
        let fresh = fresh.collect::<Result<Vec<_>, _>>()?;
        labels.keep(
            fresh
                .iter()
                .map(|(id, detail)| (*id, detail.versions, Text::clone(&detail.text))),
        );
        found.extend(fresh);
    }
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

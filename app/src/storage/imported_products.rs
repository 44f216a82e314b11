//! Products as an import writes them: many at once.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::{PgConnection, PgExecutor, Row};
use std::collections::HashSet;
use time::OffsetDateTime;

/// Rows of a feed, column by column.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Batch {
    pub sku: Vec<String>,
    pub name: Vec<String>,
    pub description: Vec<String>,
    pub price_cents: Vec<i64>,
    pub stock: Vec<i32>,
    pub gtin: Vec<Option<String>>,
    pub brand: Vec<String>,
    pub image_url: Vec<String>,
}

/// What a batch came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Products that are new.
    pub created: i64,
    /// Products that changed.
    pub updated: i64,
}

/// What an import must know of its vendor: name in addresses and currency.
///
/// # Errors
/// When the database fails or there is no such vendor.
pub async fn vendor(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
) -> Result<(String, String), StorageError> {
    sqlx::query_as(include_str!("sql/imported_products/vendor.sql"))
        .bind(vendor)
        .fetch_one(db)
        .await
        .doing("look up the vendor of an import")
}

/// Which of these article numbers the vendor has.
///
/// # Errors
/// When the database fails.
pub async fn known(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    skus: &[String],
) -> Result<HashSet<String>, StorageError> {
    let known: Vec<String> = sqlx::query_scalar(include_str!("sql/imported_products/known.sql"))
        .bind(vendor)
        .bind(skus)
        .fetch_all(db)
        .await
        .doing("look up the article numbers of a batch")?;
    Ok(known.into_iter().collect())
}

/// Adds what is new and changes what differs; no article number may stand in
/// the batch twice. `columns` are those the feed has.
///
/// # Errors
/// When the database fails.
pub async fn upsert(
    connection: &mut PgConnection,
    vendor: VendorId,
    currency: &str,
    batch: &Batch,
    columns: &[&str],
    now: OffsetDateTime,
) -> Result<Written, StorageError> {
    sqlx::query(include_str!("sql/imported_products/lock.sql"))
        .bind(vendor)
        .bind(&batch.sku)
        .execute(&mut *connection)
        .await
        .doing("lock the products of a batch")?;
    let row = sqlx::query(include_str!("sql/imported_products/upsert.sql"))
        .bind(vendor)
        .bind(currency)
        .bind(now)
        .bind(&batch.sku)
        .bind(&batch.name)
        .bind(&batch.description)
        .bind(&batch.price_cents)
        .bind(&batch.stock)
        .bind(&batch.gtin)
        .bind(&batch.brand)
        .bind(&batch.image_url)
        .bind(columns)
        .fetch_one(connection)
        .await
        .doing("write a batch of products")?;
    let count = |name| row.try_get(name).doing("read what a batch came to");
    Ok(Written {
        created: count("created")?,
        updated: count("updated")?,
    })
}

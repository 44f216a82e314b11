//! The table of the pictures that products show.

use super::uploads::Smalls;
use super::{Doing, StorageError};
use crate::domain::ids::{ProductId, VendorId};
use crate::files::key::Key;
use crate::files::thumbnail::Sides;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgExecutor, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// A picture at a product.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ImageRow {
    pub product_id: ProductId,
    pub upload_id: Uuid,
    pub key: Key,
    pub alt: String,
    pub thumbnails: Smalls,
    /// Of the picture as it was sent; `None` until its small versions are made.
    pub sides: Option<Sides>,
}

impl FromRow<'_, PgRow> for ImageRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let key: &str = row.try_get("key")?;
        let Json(thumbnails) = row.try_get("thumbnails")?;
        Ok(Self {
            product_id: row.try_get("product_id")?,
            upload_id: row.try_get("upload_id")?,
            key: key
                .parse()
                .map_err(|error| sqlx::Error::Decode(Box::from(error)))?,
            alt: row.try_get("alt")?,
            thumbnails,
            sides: sides(row.try_get("width")?, row.try_get("height")?),
        })
    }
}

fn sides(width: Option<i32>, height: Option<i32>) -> Option<Sides> {
    Some(Sides {
        width: width?.try_into().ok()?,
        height: height?.try_into().ok()?,
    })
}

/// A picture that is to be shown at a product.
#[derive(Clone, Copy, Debug)]
pub struct NewImage<'a> {
    /// The picture.
    pub upload: Uuid,
    /// Lower ones are shown first; `None` is behind the others.
    pub position: Option<i16>,
    /// What it shows, for those who cannot see it.
    pub alt: &'a str,
}

/// Shows a picture at a product; both must be the vendor's. Tells whether they
/// were.
///
/// # Errors
/// When the database fails.
pub async fn attach(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    product: ProductId,
    new: NewImage<'_>,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/product_images/attach.sql"))
        .bind(vendor)
        .bind(product)
        .bind(new.upload)
        .bind(new.position)
        .bind(new.alt)
        .bind(now)
        .execute(db)
        .await
        .doing("attach a picture to a product")?;
    Ok(done.rows_affected() > 0)
}

/// Takes a picture from a product. Tells whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn detach(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    product: ProductId,
    upload: Uuid,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/product_images/detach.sql"))
        .bind(vendor)
        .bind(product)
        .bind(upload)
        .bind(now)
        .execute(db)
        .await
        .doing("take a picture from a product")?;
    Ok(done.rows_affected() > 0)
}

/// The pictures of a vendor's product, in their order.
///
/// # Errors
/// When the database fails.
pub async fn of_product(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    product: ProductId,
) -> Result<Vec<ImageRow>, StorageError> {
    sqlx::query_as(include_str!("sql/product_images/of_product.sql"))
        .bind(vendor)
        .bind(product)
        .fetch_all(db)
        .await
        .doing("list the pictures of a product")
}

/// The pictures of a product on sale that can be shown to everybody.
///
/// # Errors
/// When the database fails.
pub async fn of_product_public(
    db: impl PgExecutor<'_>,
    product: ProductId,
) -> Result<Vec<ImageRow>, StorageError> {
    sqlx::query_as(include_str!("sql/product_images/of_product_public.sql"))
        .bind(product)
        .fetch_all(db)
        .await
        .doing("list the pictures of a product on sale")
}

/// The first picture of each of these products of a vendor, where there is one.
///
/// # Errors
/// When the database fails.
pub async fn firsts(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    products: &[ProductId],
) -> Result<Vec<ImageRow>, StorageError> {
    sqlx::query_as(include_str!("sql/product_images/firsts.sql"))
        .bind(vendor)
        .bind(products)
        .fetch_all(db)
        .await
        .doing("list the pictures of products")
}

/// The first picture that can be shown to everybody of each of these products
/// on sale, where there is one.
///
/// # Errors
/// When the database fails.
pub async fn firsts_public(
    db: impl PgExecutor<'_>,
    products: &[ProductId],
) -> Result<Vec<ImageRow>, StorageError> {
    sqlx::query_as(include_str!("sql/product_images/firsts_public.sql"))
        .bind(products)
        .fetch_all(db)
        .await
        .doing("list the pictures of products on sale")
}

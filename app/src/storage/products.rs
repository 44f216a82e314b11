//! The table of products.

use super::stretches::Version;
use super::{Doing, StorageError};
use crate::domain::ids::{ProductId, VendorId};
use crate::domain::product::{NewProduct, ProductPatch};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgExecutor, Row};
use std::collections::HashMap;
use std::sync::Arc;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A product as its vendor sees it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, ToSchema)]
#[schema(as = Product)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ProductRow {
    pub id: ProductId,
    pub vendor_id: VendorId,
    pub sku: String,
    pub name: String,
    pub description: String,
    pub price_cents: i64,
    pub currency: String,
    pub stock: i32,
    pub gtin: Option<String>,
    pub brand: String,
    pub image_url: String,
    pub is_active: bool,
    pub revision: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A product as everybody sees it. Its texts are still in the row that came
/// from the database: they are copied once, into the answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PublicProduct)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct PublicProduct<'r> {
    pub id: ProductId,
    pub vendor_id: VendorId,
    pub sku: &'r str,
    pub name: &'r str,
    pub description: &'r str,
    pub price_cents: i64,
    pub currency: &'r str,
    pub stock: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(skip)]
    pub revision: i32,
}

impl<'r> FromRow<'r, PgRow> for PublicProduct<'r> {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        // By place, which is how the statements list them, and without asking
        // each of five hundred values for its type again: looking those up
        // would cost more than reading them.
        Ok(Self {
            id: row.try_get_unchecked(0)?,
            vendor_id: row.try_get_unchecked(1)?,
            sku: row.try_get_unchecked(2)?,
            name: row.try_get_unchecked(3)?,
            description: row.try_get_unchecked(4)?,
            price_cents: row.try_get_unchecked(5)?,
            currency: row.try_get_unchecked(6)?,
            stock: row.try_get_unchecked(7)?,
            created_at: row.try_get_unchecked(8)?,
            revision: row.try_get_unchecked(9)?,
        })
    }
}

/// Rows of [`PublicProduct`].
#[derive(Debug)]
pub struct PublicRows(Vec<PgRow>);

impl PublicRows {
    /// The products in the rows.
    ///
    /// # Errors
    /// When a row is not one of a product.
    pub fn products(&self) -> Result<Vec<PublicProduct<'_>>, StorageError> {
        self.0
            .iter()
            .map(PublicProduct::from_row)
            .collect::<Result<_, _>>()
            .doing("read a product")
    }
}

/// What of the public catalogue is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct PublicFilter<'a> {
    /// After which product; when searching, after how many.
    pub cursor: i64,
    /// At most how many.
    pub limit: i64,
    /// Of this vendor only.
    pub vendor: Option<VendorId>,
    /// Where these words occur, best matches first.
    pub words: Option<&'a str>,
}

/// Products on sale.
///
/// # Errors
/// When the database fails.
pub async fn list_public(
    db: impl PgExecutor<'_>,
    filter: PublicFilter<'_>,
) -> Result<PublicRows, StorageError> {
    let query = match filter {
        PublicFilter { words: Some(_), .. } => {
            sqlx::query(include_str!("sql/products/search_public.sql"))
        }
        PublicFilter {
            vendor: Some(_), ..
        } => sqlx::query(include_str!("sql/products/list_public_of_vendor.sql")),
        _ => sqlx::query(include_str!("sql/products/list_public.sql")),
    };
    let mut query = query.bind(filter.cursor).bind(filter.limit);
    if filter.vendor.is_some() || filter.words.is_some() {
        query = query.bind(filter.vendor);
    }
    if let Some(words) = filter.words {
        query = query.bind(words);
    }
    let rows = query.fetch_all(db).await;
    rows.map(PublicRows).doing("list products on sale")
}

/// A product on sale, with what is known of its vendor.
#[derive(Debug)]
pub struct PublicDetail(PgRow);

impl PublicDetail {
    /// The product and its vendor's name.
    ///
    /// # Errors
    /// When the row is not one of a product.
    pub fn parts(&self) -> Result<(PublicProduct<'_>, &str), StorageError> {
        let read = || Ok((PublicProduct::from_row(&self.0)?, self.0.try_get(10)?));
        read().doing("read a product")
    }

    /// In which versions it has both.
    ///
    /// # Errors
    /// When the row is not one of a product.
    pub fn versions(&self) -> Result<Versions, StorageError> {
        versions(&self.0, [9, 11, 12, 13]).doing("read the version of a product")
    }
}

/// What a product says, and who sells it, changes with either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Of the product.
    pub product: Version,
    /// Of its vendor.
    pub vendor: Version,
}

/// Reads revision and time of the product and of the vendor at these places.
fn versions(row: &PgRow, at: [usize; 4]) -> Result<Versions, sqlx::Error> {
    // Times are only compared, so they stay numbers.
    let version = |revision, changed| {
        Ok::<_, sqlx::Error>(Version {
            revision: row.try_get(revision)?,
            changed: row.try_get_unchecked(changed)?,
        })
    };
    Ok(Versions {
        product: version(at[0], at[1])?,
        vendor: version(at[2], at[3])?,
    })
}

/// Those of these products that are on sale, and in which versions; in no order.
///
/// # Errors
/// When the database fails.
pub async fn name_public(
    db: impl PgExecutor<'_>,
    ids: &[ProductId],
) -> Result<Vec<(ProductId, Versions)>, StorageError> {
    let rows = sqlx::query(include_str!("sql/products/name_public.sql"))
        .bind(ids)
        .fetch_all(db)
        .await
        .doing("look up products on sale")?;
    let read = |row: &PgRow| Ok((row.try_get(0)?, versions(row, [1, 2, 3, 4])?));
    let named = rows.iter().map(read).collect::<Result<_, _>>();
    named.doing("read the version of a product")
}

/// Products on sale by their numbers, each at the place of its number.
///
/// # Errors
/// When the database fails.
pub async fn find_public(
    db: impl PgExecutor<'_>,
    ids: &[ProductId],
) -> Result<Vec<Option<Arc<PublicDetail>>>, StorageError> {
    let rows = sqlx::query(include_str!("sql/products/find_public.sql"))
        .bind(ids)
        .fetch_all(db)
        .await
        .doing("look up products on sale")?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let id: ProductId = row.try_get(0).doing("read the number of a product")?;
        found.insert(id, Arc::new(PublicDetail(row)));
    }
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

/// What of a vendor's products is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// After which product.
    pub cursor: i64,
    /// At most how many.
    pub limit: i64,
    /// On sale, or not, or either.
    pub is_active: Option<bool>,
    /// Where these words occur.
    pub words: Option<&'a str>,
}

/// A vendor's products by their numbers, on sale or not.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    filter: Filter<'_>,
) -> Result<Vec<ProductRow>, StorageError> {
    sqlx::query_as(include_str!("sql/products/list.sql"))
        .bind(vendor)
        .bind(filter.cursor)
        .bind(filter.is_active)
        .bind(filter.words)
        .bind(filter.limit)
        .fetch_all(db)
        .await
        .doing("list a vendor's products")
}

/// One product of a vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: ProductId,
) -> Result<Option<ProductRow>, StorageError> {
    sqlx::query_as(include_str!("sql/products/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up a product")
}

/// How many products a vendor has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: impl PgExecutor<'_>, vendor: VendorId) -> Result<i64, StorageError> {
    sqlx::query_scalar(include_str!("sql/products/count.sql"))
        .bind(vendor)
        .fetch_one(db)
        .await
        .doing("count a vendor's products")
}

/// Adds a product. An article number that is taken breaks
/// `products_sku_key`. Callers hold the plan's limit first
/// ([`super::plans::hold`]).
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    new: &NewProduct,
    now: OffsetDateTime,
) -> Result<ProductRow, StorageError> {
    sqlx::query_as(include_str!("sql/products/insert.sql"))
        .bind(vendor)
        .bind(&new.sku)
        .bind(&new.name)
        .bind(&new.description)
        .bind(new.price_cents)
        .bind(new.stock)
        .bind(&new.gtin)
        .bind(&new.brand)
        .bind(&new.image_url)
        .bind(new.is_active)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("add a product")
}

/// Changes a product; `None` when the vendor has none of this number, or it
/// has another revision than the one that was named.
///
/// # Errors
/// When the database fails; a taken article number breaks `products_sku_key`.
pub async fn update(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: ProductId,
    revision: Option<i32>,
    patch: &ProductPatch,
    now: OffsetDateTime,
) -> Result<Option<ProductRow>, StorageError> {
    sqlx::query_as(include_str!("sql/products/update.sql"))
        .bind(vendor)
        .bind(id)
        .bind(revision)
        .bind(&patch.sku)
        .bind(&patch.name)
        .bind(&patch.description)
        .bind(patch.price_cents)
        .bind(patch.stock)
        .bind(&patch.gtin)
        .bind(&patch.brand)
        .bind(&patch.image_url)
        .bind(patch.is_active)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("change a product")
}

/// Removes a product; says whether there was one with this revision.
///
/// # Errors
/// When the database fails.
pub async fn delete(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: ProductId,
    revision: Option<i32>,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/products/delete.sql"))
        .bind(vendor)
        .bind(id)
        .bind(revision)
        .execute(db)
        .await
        .doing("remove a product")?;
    Ok(done.rows_affected() > 0)
}

/// What became of one row of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Upserted {
    /// A new product.
    Created,
    /// A product that was there and has changed.
    Updated,
    /// A product that was there, just like this.
    Unchanged,
    /// A new product that the plan has no room for.
    Refused,
}

/// Adds or changes many products of a vendor by their article numbers, of
/// which none may occur twice; adds at most `room`. Says for each what became
/// of it.
///
/// # Errors
/// When the database fails.
pub async fn upsert(
    connection: &mut PgConnection,
    vendor: VendorId,
    products: &[NewProduct],
    room: i64,
    now: OffsetDateTime,
) -> Result<Vec<Upserted>, StorageError> {
    fn texts<'a>(all: &'a [NewProduct], of: fn(&'a NewProduct) -> &'a str) -> Vec<&'a str> {
        all.iter().map(of).collect()
    }
    let prices: Vec<i64> = products.iter().map(|one| one.price_cents).collect();
    let stocks: Vec<i32> = products.iter().map(|one| one.stock).collect();
    let active: Vec<bool> = products.iter().map(|one| one.is_active).collect();
    sqlx::query_scalar(include_str!("sql/products/upsert.sql"))
        .bind(vendor)
        .bind(texts(products, |one| &one.sku))
        .bind(texts(products, |one| &one.name))
        .bind(texts(products, |one| &one.description))
        .bind(prices)
        .bind(stocks)
        .bind(texts(products, |one| &one.gtin))
        .bind(texts(products, |one| &one.brand))
        .bind(texts(products, |one| &one.image_url))
        .bind(active)
        .bind(now)
        .bind(room)
        .fetch_all(connection)
        .await
        .doing("add or change products")
}

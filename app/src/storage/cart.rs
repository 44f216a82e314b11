//! What a visitor's cart needs to know of products.

use super::{Doing, StorageError};
use crate::domain::ids::{ProductId, VendorId};
use sqlx::{FromRow, PgExecutor};

/// A product on sale, as a line of a cart.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct LineRow {
    pub id: ProductId,
    pub vendor_id: VendorId,
    pub name: String,
    pub vendor: String,
    pub price_cents: i64,
    pub currency: String,
}

/// Those of the products that are on sale, by shop and number.
///
/// # Errors
/// When the database fails.
pub async fn lines(
    db: impl PgExecutor<'_>,
    ids: &[ProductId],
) -> Result<Vec<LineRow>, StorageError> {
    sqlx::query_as(include_str!("sql/products/cart_lines.sql"))
        .bind(ids)
        .fetch_all(db)
        .await
        .doing("read the products of a cart")
}

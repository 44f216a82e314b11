//! Writing.

use super::{COLUMNS, cells::guard};
use crate::domain::money::{Currency, Money};
use crate::storage::products::ProductRow;

/// The first line.
#[must_use]
pub fn header() -> Vec<u8> {
    (COLUMNS.join(",") + "\r\n").into_bytes()
}

/// A line for each product.
///
/// # Errors
/// When a row's currency is none, which the database does not let in.
pub fn lines(products: &[ProductRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::with_capacity(256 * products.len()));
    for product in products {
        let currency: Currency = product
            .currency
            .parse()
            .map_err(|error| csv::Error::from(std::io::Error::other(error)))?;
        let price = Money::new(product.price_cents, currency).amount();
        let stock = product.stock.to_string();
        let active = if product.is_active { "true" } else { "false" };
        writer.write_record([
            &*guard(&product.sku),
            &guard(&product.name),
            &guard(&product.description),
            &price,
            currency.as_str(),
            &stock,
            product.gtin.as_deref().unwrap_or_default(),
            &guard(&product.brand),
            &guard(&product.image_url),
            active,
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

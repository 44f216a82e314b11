//! Reading.

use super::{COLUMNS, cells::unguard};
use crate::domain::fault::{Fault, Faults};
use crate::domain::money::{Currency, Money};
use crate::domain::product::NewProduct;
use std::io::Read;

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// It did not arrive whole, or its head is no CSV.
    #[error("the file cannot be read: {0}")]
    Csv(#[from] csv::Error),
    /// Its first line is not ours.
    #[error("the first line must name the columns {columns}; {0}", columns = COLUMNS.join(", "))]
    Columns(String),
}

/// Reads products, one at a time.
#[derive(Debug)]
pub struct Reader<R> {
    csv: csv::Reader<R>,
    /// Where each of [`COLUMNS`] is.
    places: [usize; COLUMNS.len()],
    currency: Currency,
}

/// A line of the file.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 2: the first one names the columns.
    pub number: u64,
    /// The product, or what is wrong with it.
    pub product: Result<NewProduct, Vec<Fault>>,
}

impl<R: Read> Reader<R> {
    /// Begins to read. Prices are in `currency`.
    ///
    /// # Errors
    /// When the first line is not what it must be.
    pub fn new(file: R, currency: Currency) -> Result<Self, SheetError> {
        let mut csv = csv::ReaderBuilder::new().from_reader(file);
        let headers = csv.headers()?.clone();
        let names: Vec<_> = headers
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim())
            .collect();
        if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(name)) {
            return Err(SheetError::Columns(format!("{unknown:?} is none of them")));
        }
        let mut places = [0; COLUMNS.len()];
        for (place, column) in places.iter_mut().zip(COLUMNS) {
            *place = names
                .iter()
                .position(|name| *name == column)
                .ok_or_else(|| SheetError::Columns(format!("{column} is missing")))?;
        }
        Ok(Self {
            csv,
            places,
            currency,
        })
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// When the file breaks off.
    pub fn next_line(&mut self) -> Result<Option<Line>, SheetError> {
        let number = self.csv.position().record() + 1;
        let mut record = csv::StringRecord::new();
        match self.csv.read_record(&mut record) {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some(Line {
                number,
                product: self.product(&record),
            })),
            Err(error) if error.is_io_error() => Err(error.into()),
            Err(error) => Ok(Some(Line {
                number,
                product: Err(vec![Fault {
                    field: String::new(),
                    detail: error.to_string(),
                }]),
            })),
        }
    }

    fn product(&self, record: &csv::StringRecord) -> Result<NewProduct, Vec<Fault>> {
        let [
            sku,
            name,
            description,
            price,
            currency,
            stock,
            gtin,
            brand,
            image_url,
            active,
        ] = self
            .places
            .map(|place| record.get(place).unwrap_or_default());
        let mut faults = Faults::new();
        let text = |cell: &str| unguard(cell).to_owned();
        let price = Money::parse(price, self.currency)
            .inspect_err(|error| faults.add("price", error.to_string()));
        if !currency.is_empty() && currency != self.currency.as_str() {
            faults.add("currency", format!("must be {}", self.currency));
        }
        let stock = stock.trim().parse();
        faults.check(stock.is_ok(), "stock", "must be a whole number");
        let is_active = match active.trim() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        };
        faults.check(is_active.is_some(), "is_active", "must be true or false");
        let product = NewProduct {
            sku: text(sku),
            name: text(name),
            description: text(description),
            price_cents: price.map_or(0, |price| price.minor),
            stock: stock.unwrap_or_default(),
            gtin: gtin.trim().to_owned(),
            brand: text(brand),
            image_url: text(image_url),
            is_active: is_active.unwrap_or_default(),
        };
        faults.into_result()?;
        product.check().map(|()| product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ProductId, VendorId};
    use crate::sheets::write;
    use crate::storage::products::ProductRow;
    use proptest::prelude::*;
    use time::OffsetDateTime;

    fn row(new: &NewProduct) -> ProductRow {
        ProductRow {
            id: ProductId(1),
            vendor_id: VendorId(1),
            sku: new.sku.clone(),
            name: new.name.clone(),
            description: new.description.clone(),
            price_cents: new.price_cents,
            currency: "EUR".into(),
            stock: new.stock,
            gtin: Some(new.gtin.clone()).filter(|gtin| !gtin.is_empty()),
            brand: new.brand.clone(),
            image_url: new.image_url.clone(),
            is_active: new.is_active,
            revision: 1,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn product() -> impl Strategy<Value = NewProduct> {
        let text = "[-='\",;+@ a-zäß\n]{1,12}";
        (
            text,
            text,
            text,
            0..=100_000_000_000_i64,
            0..=1_000_000_000,
            any::<bool>(),
        )
            .prop_map(|(sku, name, description, price_cents, stock, is_active)| {
                NewProduct {
                    sku,
                    name,
                    description,
                    price_cents,
                    stock,
                    gtin: "4006381333931".into(),
                    brand: String::new(),
                    image_url: "https://example.org/a,b.png".into(),
                    is_active,
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(products in prop::collection::vec(product(), 0..5)) {
            let rows: Vec<_> = products.iter().map(row).collect();
            let file = [write::header(), write::lines(&rows).unwrap()].concat();
            let mut reader = Reader::new(file.as_slice(), Currency::EUR).unwrap();
            let mut read = Vec::new();
            while let Some(line) = reader.next_line().unwrap() {
                read.push(line.product.unwrap());
            }
            prop_assert_eq!(read, products);
        }

        #[test]
        fn nothing_makes_it_panic(tail in prop::collection::vec(any::<u8>(), 0..200)) {
            let file = [write::header(), tail].concat();
            let mut reader = Reader::new(file.as_slice(), Currency::EUR).unwrap();
            while let Ok(Some(_)) = reader.next_line() {}
        }
    }

    #[test]
    fn a_first_line_that_is_not_ours_is_refused() {
        let read = |file: &str| Reader::new(file.as_bytes(), Currency::EUR).map(|_| ());
        let whole = COLUMNS.join(",");
        assert!(read(&format!("\u{feff}{whole}\n")).is_ok());
        assert!(read("").is_err());
        let error = read(&whole.replace("stock", "stocks")).unwrap_err();
        assert!(error.to_string().contains("\"stocks\""), "{error}");
        let error = read(&whole.replace(",brand", "")).unwrap_err();
        assert!(error.to_string().contains("brand is missing"), "{error}");
    }
}

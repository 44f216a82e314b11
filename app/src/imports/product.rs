//! One row of a feed as a product, or everything that is wrong with it.

use super::columns::{Columns, Field};
use super::excerpt;
use crate::domain::money::{Currency, Money};
use crate::storage::imports::RowError;

/// The dearest thing that is sold here, in minor units; the table says so too.
const MOST_CENTS: i64 = 100_000_000_000;

/// A product as the feed has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Product {
    pub sku: String,
    pub name: String,
    pub description: String,
    pub price_cents: i64,
    pub stock: i32,
    pub gtin: Option<String>,
    pub brand: String,
    pub image_url: String,
}

/// Collects what is wrong with a row.
struct Row<'a> {
    columns: &'a Columns,
    fields: &'a [String],
    number: i64,
    errors: Vec<RowError>,
}

impl Row<'_> {
    fn wrong(&mut self, field: Field, value: &str, detail: impl Into<String>) {
        self.errors.push(RowError {
            row_number: self.number,
            field: field.as_str().to_owned(),
            value: excerpt(value),
            detail: detail.into(),
        });
    }

    fn text(&mut self, field: Field, most: usize) -> String {
        let value = self.columns.get(self.fields, field).unwrap_or_default();
        if value.contains('\0') {
            self.wrong(field, value, "holds a NUL character");
        } else if value.chars().count() > most {
            self.wrong(field, value, format!("is longer than {most} characters"));
        }
        value.to_owned()
    }

    fn required(&mut self, field: Field, most: usize) -> String {
        let value = self.text(field, most);
        if value.is_empty() {
            self.wrong(field, "", "is missing");
        }
        value
    }

    fn read<T>(
        &mut self,
        field: Field,
        otherwise: T,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let value = self.columns.get(self.fields, field).unwrap_or_default();
        match read(value) {
            Ok(read) => read,
            Err(detail) => {
                self.wrong(field, value, detail);
                otherwise
            }
        }
    }
}

/// Reads a row.
///
/// # Errors
/// Each field that is at fault.
pub fn read(
    columns: &Columns,
    fields: &[String],
    number: i64,
    currency: Currency,
) -> Result<Product, Vec<RowError>> {
    let mut row = Row {
        columns,
        fields,
        number,
        errors: Vec::new(),
    };
    let stated = columns.get(fields, Field::Currency).unwrap_or_default();
    let product = Product {
        sku: row.required(Field::Sku, 100),
        name: row.required(Field::Name, 300),
        description: row.text(Field::Description, 50_000),
        price_cents: row.read(Field::Price, 0, |text| price(text, stated, currency)),
        stock: stock(&mut row),
        gtin: row.read(Field::Gtin, None, gtin),
        brand: row.text(Field::Brand, 200),
        image_url: row.read(Field::ImageLink, String::new(), image),
    };
    if row.errors.is_empty() {
        Ok(product)
    } else {
        Err(row.errors)
    }
}

/// `12.50`, `12,50`, `12.50 EUR`, `EUR 12.50` or `12,50 €`.
fn price(text: &str, stated: &str, currency: Currency) -> Result<i64, String> {
    if text.is_empty() {
        return Err("is missing".to_owned());
    }
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-');
    let amount: &str = text.trim_matches(|c| !is_digit(c));
    let mut code = text.replacen(amount, "", 1).trim().to_uppercase();
    if code == "€" {
        code = "EUR".to_owned();
    }
    if code.is_empty() {
        code = stated.to_uppercase();
    }
    if !code.is_empty() && code != currency.as_str() {
        return Err(format!("is not in {currency}, the currency of this shop"));
    }
    let money = Money::parse(amount, currency).map_err(|error| error.to_string())?;
    if !(0..=MOST_CENTS).contains(&money.minor) {
        return Err("must be from 0 to 1,000,000,000".to_owned());
    }
    Ok(money.minor)
}

/// The quantity; a feed without one says at least whether there is any.
fn stock(row: &mut Row<'_>) -> i32 {
    if row.columns.has(Field::Stock) {
        return row.read(Field::Stock, 0, |text| {
            text.parse()
                .ok()
                .filter(|number| *number >= 0)
                .ok_or_else(|| "must be a whole number from 0 on".to_owned())
        });
    }
    row.read(Field::Availability, 0, |text| {
        match text.to_lowercase().replace([' ', '-'], "_").as_str() {
            "in_stock" | "available" | "limited_availability" => Ok(1),
            "" | "out_of_stock" | "preorder" | "backorder" | "discontinued" => Ok(0),
            _ => {
                Err("is not known; write in_stock, out_of_stock, preorder or backorder".to_owned())
            }
        }
    })
}

/// Digits with the right check digit (GS1 General Specifications, 7.9).
fn gtin(text: &str) -> Result<Option<String>, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if digits.is_empty() {
        return Ok(None);
    }
    let known = matches!(digits.len(), 8 | 12 | 13 | 14);
    if !known || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no article number of 8, 12, 13 or 14 digits".to_owned());
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1, 3].into_iter().cycle())
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    if sum.is_multiple_of(10) {
        Ok(Some(digits))
    } else {
        Err("has a wrong check digit".to_owned())
    }
}

fn image(text: &str) -> Result<String, String> {
    let web = text.starts_with("https://") || text.starts_with("http://");
    if text.is_empty() || (web && text.len() <= 2_000 && reqwest::Url::parse(text).is_ok()) {
        Ok(text.to_owned())
    } else {
        Err("is no address such as https://shop.example/picture.jpg".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    fn columns() -> Columns {
        Columns::of(&row("sku|name|price|stock|gtin|image_link")).unwrap()
    }

    fn read_row(text: &str) -> Result<Product, Vec<RowError>> {
        read(&columns(), &row(text), 2, Currency::EUR)
    }

    #[test]
    fn prices_are_read_as_feeds_write_them() {
        for text in [
            "12.50",
            "12,50",
            "12.5 EUR",
            "EUR 12.50",
            "12,50 €",
            "12.50eur",
        ] {
            assert_eq!(price(text, "", Currency::EUR), Ok(1250), "{text}");
        }
        assert_eq!(price("3", "eur", Currency::EUR), Ok(300));
        for text in [
            "",
            "free",
            "-1",
            "1.234,50",
            "12.505",
            "12.50 USD",
            "99999999999999",
        ] {
            assert!(price(text, "", Currency::EUR).is_err(), "{text}");
        }
        assert!(price("3", "USD", Currency::EUR).is_err());
    }

    #[test]
    fn everything_wrong_with_a_row_is_told_at_once() {
        let errors = read_row("|x|cheap|-3|4006381333932|ftp://x").unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["sku", "price", "stock", "gtin", "image_link"]);
        assert_eq!(
            (errors[1].row_number, errors[1].value.as_str()),
            (2, "cheap")
        );
        assert!(read_row(&format!("{}|x|1|1||", "s".repeat(101))).is_err());
        assert!(read_row("a\0b|x|1|1||").unwrap_err()[0].value == "ab");
    }

    #[test]
    fn a_good_row_is_a_product() {
        let product = read_row("A-1|Cheese|4.20|7|4006381333931|https://x/y.jpg").unwrap();
        assert_eq!((product.price_cents, product.stock), (420, 7));
        assert_eq!(product.gtin.as_deref(), Some("4006381333931"));
    }

    #[test]
    fn availability_stands_in_for_a_quantity() {
        let columns = Columns::of(&row("sku|name|price|availability")).unwrap();
        let stock = |word: &str| {
            read(&columns, &row(&format!("1|x|2|{word}")), 2, Currency::EUR).map(|p| p.stock)
        };
        assert_eq!(stock("in stock"), Ok(1));
        assert_eq!(stock("Out Of Stock"), Ok(0));
        assert!(stock("maybe").is_err());
    }

    proptest! {
        #[test]
        fn any_row_is_a_product_or_an_error(fields in prop::collection::vec(".{0,30}", 0..8)) {
            let _ = read(&columns(), &fields, 2, Currency::EUR);
        }
    }
}

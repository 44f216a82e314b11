//! What a product must be like, whichever way it comes in.

use super::fault::{Fault, Faults};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The highest price, in minor units.
pub const DEAREST: i64 = 100_000_000_000;
/// The largest stock.
pub const FULLEST: i32 = 1_000_000_000;

/// A product to be added. Its currency is the vendor's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// The vendor's own article number; no two of its products share one.
    #[schema(min_length = 1, max_length = 100)]
    pub sku: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    /// More about it.
    #[serde(default)]
    #[schema(max_length = 20000)]
    pub description: String,
    /// In the minor unit of the vendor's currency, with tax.
    #[schema(minimum = 0, maximum = 100_000_000_000_i64)]
    pub price_cents: i64,
    /// Pieces there are.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub stock: i32,
    /// International article number (GTIN); empty when it has none.
    #[serde(default)]
    pub gtin: String,
    /// Who makes it.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub brand: String,
    /// Where a picture of it is.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub image_url: String,
    /// Whether it is on sale.
    #[serde(default = "yes")]
    pub is_active: bool,
}

/// Changes to a product; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "as of NewProduct")]
pub struct ProductPatch {
    pub sku: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub price_cents: Option<i64>,
    pub stock: Option<i32>,
    pub gtin: Option<String>,
    pub brand: Option<String>,
    pub image_url: Option<String>,
    pub is_active: Option<bool>,
}

fn yes() -> bool {
    true
}

impl NewProduct {
    /// Looks at every field.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        ProductPatch::from(self.clone()).check()
    }
}

impl From<NewProduct> for ProductPatch {
    fn from(new: NewProduct) -> Self {
        Self {
            sku: Some(new.sku),
            name: Some(new.name),
            description: Some(new.description),
            price_cents: Some(new.price_cents),
            stock: Some(new.stock),
            gtin: Some(new.gtin),
            brand: Some(new.brand),
            image_url: Some(new.image_url),
            is_active: Some(new.is_active),
        }
    }
}

impl ProductPatch {
    /// Looks at every field that is there.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        let mut text = |field, value: &Option<String>, least, most| {
            if let Some(value) = value {
                faults.text(field, value, least, most);
            }
        };
        text("sku", &self.sku, 1, 100);
        text("name", &self.name, 1, 300);
        text("description", &self.description, 0, 20_000);
        text("brand", &self.brand, 0, 200);
        text("image_url", &self.image_url, 0, 2000);
        if let Some(price) = self.price_cents {
            faults.check(
                (0..=DEAREST).contains(&price),
                "price_cents",
                "must be from 0 to 100000000000",
            );
        }
        if let Some(stock) = self.stock {
            faults.check(
                (0..=FULLEST).contains(&stock),
                "stock",
                "must be from 0 to 1000000000",
            );
        }
        if let Some(gtin) = self.gtin.as_deref().filter(|gtin| !gtin.is_empty()) {
            faults.check(
                is_gtin(gtin),
                "gtin",
                "must have 8, 12, 13 or 14 digits, the last of them the check digit",
            );
        }
        if let Some(url) = self.image_url.as_deref().filter(|url| !url.is_empty()) {
            faults.check(
                url.starts_with("https://") || url.starts_with("http://"),
                "image_url",
                "must begin with https:// or http://",
            );
        }
        faults.into_result()
    }
}

/// Whether the check digit of an article number is right (GS1 General
/// Specifications, 7.9).
#[must_use]
pub fn is_gtin(text: &str) -> bool {
    if !matches!(text.len(), 8 | 12 | 13 | 14) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = text
        .bytes()
        .rev()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_check_digit_is_seen() {
        assert!(is_gtin("4006381333931"));
        assert!(is_gtin("96385074"));
        assert!(is_gtin("036000291452"));
        for wrong in [
            "4006381333930",
            "",
            "12345",
            "400638133393a",
            "٤٠٠٦٣٨١٣٣٣٩٣١",
        ] {
            assert!(!is_gtin(wrong), "{wrong}");
        }
    }

    #[test]
    fn every_fault_is_told() {
        let patch = ProductPatch {
            sku: Some(String::new()),
            name: Some("a\u{0}b".into()),
            price_cents: Some(-1),
            stock: Some(-1),
            gtin: Some("1".into()),
            image_url: Some("javascript:alert(1)".into()),
            ..ProductPatch::default()
        };
        let fields: Vec<_> = patch.check().unwrap_err();
        let fields: Vec<_> = fields.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["sku", "name", "price_cents", "stock", "gtin", "image_url"]
        );
    }
}

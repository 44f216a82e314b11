//! Which column of a feed is what: headings are compared without regard to
//! capital letters, and go by the names that feeds use for them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Field {
    Sku,
    Name,
    Description,
    Price,
    Currency,
    Stock,
    Gtin,
    Brand,
    ImageLink,
    Availability,
}

use Field::{Availability, Brand, Currency, Description, Gtin, ImageLink, Name, Price, Sku, Stock};

/// Every field with the headings it goes by, the most exact first: of two
/// columns with headings of one field, the earlier name here wins.
const NAMES: [(Field, &[&str]); 10] = [
    (
        Sku,
        &["sku", "id", "article_number", "item_id", "reference"],
    ),
    (Name, &["title", "name", "product_name"]),
    (
        Description,
        &["description", "long_description", "short_description"],
    ),
    (Price, &["price", "regular_price"]),
    (Currency, &["currency"]),
    (
        Stock,
        &[
            "quantity",
            "stock",
            "qty",
            "inventory",
            "quantity_available",
        ],
    ),
    (Gtin, &["gtin", "ean", "upc", "barcode"]),
    (Brand, &["brand", "manufacturer"]),
    (ImageLink, &["image_link", "image_url", "image", "picture"]),
    (Availability, &["availability"]),
];

impl Field {
    /// The name in errors and in statements.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Sku => "sku",
            Name => "name",
            Description => "description",
            Price => "price",
            Currency => "currency",
            Stock => "stock",
            Gtin => "gtin",
            Brand => "brand",
            ImageLink => "image_link",
            Availability => "availability",
        }
    }
}

/// Where each field stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<(Field, usize)>);

/// The feed lacks columns without which there is no product.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the feed has no column for {missing}; its headings are {found}")]
pub struct MissingColumns {
    missing: String,
    found: String,
}

impl Columns {
    /// Reads the headings.
    ///
    /// # Errors
    /// When article number, name or price is not among them.
    pub fn of(headings: &[String]) -> Result<Self, MissingColumns> {
        let plain: Vec<String> = headings.iter().map(|heading| plain(heading)).collect();
        let place = |name: &&str| plain.iter().position(|heading| heading == name);
        let columns: Vec<(Field, usize)> = NAMES
            .iter()
            .filter_map(|(field, names)| Some((*field, names.iter().find_map(place)?)))
            .collect();
        let missing: Vec<String> = NAMES
            .iter()
            .filter(|(field, _)| matches!(field, Sku | Name | Price))
            .filter(|(field, _)| columns.iter().all(|(found, _)| found != field))
            .map(|(field, names)| format!("{} ({})", field.as_str(), names.join(", ")))
            .collect();
        if missing.is_empty() {
            return Ok(Self(columns));
        }
        let shown: Vec<String> = headings
            .iter()
            .take(30)
            .map(|h| super::excerpt(h))
            .collect();
        Err(MissingColumns {
            missing: missing.join(" and for "),
            found: shown.join(", "),
        })
    }

    /// What a row has in a field; `None` when the feed has no such column.
    #[must_use]
    pub fn get<'a>(&self, row: &'a [String], field: Field) -> Option<&'a str> {
        let (_, place) = self.0.iter().find(|(found, _)| *found == field)?;
        Some(row.get(*place).map_or("", |value| value.trim()))
    }

    /// Whether the feed has such a column.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.0.iter().any(|(found, _)| *found == field)
    }
}

fn plain(heading: &str) -> String {
    let heading = heading.trim().to_lowercase().replace([' ', '-'], "_");
    heading
        .strip_prefix("g:")
        .map_or(heading.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn headings_are_known_by_their_usual_names() {
        let columns = Columns::of(&headings("ID,Title,G:Price,Image Link,EAN,quantity")).unwrap();
        let row = headings("7, Cheese ,1.00 EUR,https://x/y.jpg,123");
        assert_eq!(columns.get(&row, Sku), Some("7"));
        assert_eq!(columns.get(&row, Name), Some("Cheese"));
        assert_eq!(columns.get(&row, Price), Some("1.00 EUR"));
        assert_eq!(columns.get(&row, ImageLink), Some("https://x/y.jpg"));
        assert_eq!(columns.get(&row, Gtin), Some("123"));
        // A short row has nothing there; a missing column is something else.
        assert_eq!(columns.get(&row, Stock), Some(""));
        assert_eq!(columns.get(&row, Brand), None);
    }

    #[test]
    fn an_article_number_wins_over_an_id() {
        let columns = Columns::of(&headings("id,sku,name,price")).unwrap();
        assert_eq!(columns.get(&headings("1,A-1,x,2"), Sku), Some("A-1"));
    }

    #[test]
    fn what_is_missing_is_named_with_what_is_there() {
        let error = Columns::of(&headings("sku,colour"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("name (title") && error.contains("price") && error.contains("colour")
        );
    }
}

//! An order as a marketplace sends it, and what must be true of it.
//!
//! The interface answers `GET {source_url}` with a page, in JSON:
//!
//! ```json
//! {
//!   "seller": "green-shop",
//!   "orders": [{
//!     "id": "A-1001",
//!     "status": "paid",
//!     "placed_at": "2026-11-20T10:00:00Z",
//!     "currency": "EUR",
//!     "total": "25.00",
//!     "note": "",
//!     "invoiced_by": "marketplace",
//!     "customer": {"email": "ann@example.org", "name": "Ann", "address": "…", "country": "LU"},
//!     "items": [{"sku": "K-1", "name": "Kettle", "quantity": 2, "price": "12.50"}]
//!   }],
//!   "next_cursor": "…"
//! }
//! ```
//!
//! `seller` is the vendor's name in addresses: a page of another seller's
//! orders is refused. `next_cursor` is absent or null on the last page, and is
//! sent back as the query parameter `cursor`. Amounts are text. `status` is
//! pending, paid, shipped, delivered, cancelled or refunded. `note`, the
//! customer's `name`, `address` and `country`, the items' `name` and
//! `invoiced_by` may be left out.
//!
//! An invoice number is taken only for an order that is new here and that the
//! marketplace says the seller invoices (`"invoiced_by": "seller"`). Otherwise
//! the marketplace has invoiced it, and a second invoice would be wrong. The
//! stock is not touched: the marketplace's feed of products says what is left.

use crate::domain::money::{Currency, Money};
use crate::domain::order::OrderStatus;
use crate::storage::imported_orders::Items;
use serde::Deserialize;
use time::OffsetDateTime;

/// A page of orders.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Whose orders they are.
    pub seller: String,
    /// As they are, so that one that is damaged does not take the page along.
    pub orders: Vec<serde_json::Value>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

/// An order as it is sent.
#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "described above")]
pub struct Sent {
    pub id: String,
    pub status: OrderStatus,
    #[serde(with = "time::serde::rfc3339")]
    pub placed_at: OffsetDateTime,
    pub currency: Currency,
    pub total: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub invoiced_by: InvoicedBy,
    pub customer: Customer,
    pub items: Vec<Item>,
}

/// Who writes the invoice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum InvoicedBy {
    #[default]
    Marketplace,
    Seller,
}

/// Who bought.
#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "described above")]
pub struct Customer {
    pub email: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub country: String,
}

/// What was bought.
#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "described above")]
pub struct Item {
    pub sku: String,
    #[serde(default)]
    pub name: String,
    pub quantity: i32,
    pub price: String,
}

/// What is wrong with an order.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub field: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong with it.
    pub detail: String,
}

fn wrong<T>(field: &'static str, value: &str, detail: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong {
        field,
        value: value.to_owned(),
        detail: detail.into(),
    })
}

impl Sent {
    /// Reads an order.
    ///
    /// # Errors
    /// What its form lacks.
    pub fn read(value: &serde_json::Value) -> Result<Self, Wrong> {
        Deserialize::deserialize(value).or_else(|error: serde_json::Error| {
            let id = value.get("id").and_then(serde_json::Value::as_str);
            wrong("", id.unwrap_or_default(), error.to_string())
        })
    }

    /// Its total and items in minor units, when everything is as it must be.
    ///
    /// # Errors
    /// The first thing that is not.
    pub fn check(&self, shop: Currency) -> Result<(i64, Items), Wrong> {
        if self.id.is_empty() || self.id.len() > 200 {
            return wrong("id", &self.id, "must have from 1 to 200 bytes");
        }
        if self.currency != shop {
            let detail = format!("is not {shop}, the currency of this shop");
            return wrong("currency", self.currency.as_str(), detail);
        }
        let customer = &self.customer;
        if !(3..=254).contains(&customer.email.len()) || !customer.email.contains('@') {
            return wrong("customer.email", &customer.email, "is no mail address");
        }
        let country = customer.country.as_bytes();
        if !(country.is_empty()
            || (country.len() == 2 && country.iter().all(u8::is_ascii_uppercase)))
        {
            return wrong(
                "customer.country",
                &customer.country,
                "is no code such as LU",
            );
        }
        if [
            &self.id,
            &self.note,
            &customer.email,
            &customer.name,
            &customer.address,
        ]
        .iter()
        .any(|text| text.contains('\0'))
        {
            return wrong("", &self.id, "holds a NUL character");
        }
        if self.items.is_empty() {
            return wrong("items", "", "must not be empty");
        }
        let mut items = Items::default();
        for item in &self.items {
            let price = amount("items.price", &item.price, shop)?;
            if item.quantity < 1 {
                let quantity = item.quantity.to_string();
                return wrong("items.quantity", &quantity, "must be at least 1");
            }
            if item.sku.is_empty() || item.sku.contains('\0') || item.name.contains('\0') {
                return wrong("items.sku", &item.sku, "must name an article");
            }
            items.sku.push(item.sku.clone());
            items.name.push(item.name.clone());
            items.quantity.push(item.quantity);
            items.price_cents.push(price);
        }
        Ok((amount("total", &self.total, shop)?, items))
    }
}

fn amount(field: &'static str, text: &str, currency: Currency) -> Result<i64, Wrong> {
    match Money::parse(text, currency) {
        Ok(money) if money.minor >= 0 => Ok(money.minor),
        Ok(_) => wrong(field, text, "must not be negative"),
        Err(error) => wrong(field, text, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order() -> serde_json::Value {
        json!({
            "id": "A-1", "status": "paid", "placed_at": "2026-11-20T10:00:00Z", "currency": "EUR",
            "total": "25.00", "customer": {"email": "ann@example.org"},
            "items": [{"sku": "K-1", "quantity": 2, "price": "12.50"}],
        })
    }

    #[test]
    fn an_order_needs_no_more_than_this() {
        let sent = Sent::read(&order()).unwrap();
        let (total, items) = sent.check(Currency::EUR).unwrap();
        assert_eq!((total, items.price_cents), (2500, vec![1250]));
        assert_eq!(sent.invoiced_by, InvoicedBy::Marketplace);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (pointer, value, field) in [
            ("/currency", json!("USD"), "currency"),
            ("/total", json!("-1"), "total"),
            ("/id", json!(""), "id"),
            ("/customer/email", json!("ann"), "customer.email"),
            ("/items", json!([]), "items"),
            ("/items/0/quantity", json!(0), "items.quantity"),
            ("/items/0/price", json!("x"), "items.price"),
            ("/items/0/sku", json!(""), "items.sku"),
        ] {
            let mut order = order();
            *order.pointer_mut(pointer).unwrap() = value;
            let sent = Sent::read(&order).unwrap();
            assert_eq!(
                sent.check(Currency::EUR).unwrap_err().field,
                field,
                "{pointer}"
            );
        }
        let mut broken = order();
        broken["status"] = json!("lost");
        assert_eq!(Sent::read(&broken).unwrap_err().value, "A-1");
    }
}

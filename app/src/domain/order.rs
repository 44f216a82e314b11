//! Orders: what one must be like, and the states it goes through.

use super::fault::{Fault, Faults};
use super::ids::ProductId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Most different products of one order.
pub const MOST_ITEMS: usize = 100;
/// Most pieces of one product in one order.
pub const MOST_PIECES: i32 = 1000;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum OrderStatus {
    /// Placed, not paid.
    Pending,
    /// Paid, not sent.
    Paid,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Called off before it was sent; its pieces are back in stock.
    Cancelled,
    /// Paid back.
    Refunded,
}

/// The text is no state of an order.
#[derive(Debug, thiserror::Error)]
#[error("no order is {0:?}; orders are pending, paid, shipped, delivered, cancelled or refunded")]
pub struct UnknownStatus(String);

impl OrderStatus {
    /// All of them, in the order of their life.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Paid,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// What may come next.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Paid, Self::Cancelled],
            Self::Paid => &[Self::Shipped, Self::Cancelled, Self::Refunded],
            Self::Shipped => &[Self::Delivered, Self::Refunded],
            Self::Delivered => &[Self::Refunded],
            Self::Cancelled | Self::Refunded => &[],
        }
    }

    /// Whether the sale is undone, and with it its invoice.
    #[must_use]
    pub const fn takes_back(self) -> bool {
        matches!(self, Self::Cancelled | Self::Refunded)
    }

    /// Whether `next` may follow.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// An order to be placed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// What is ordered; all of it from one vendor.
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<NewItem>,
    /// For whom; a customer with this mail address is made or found.
    pub customer: Option<NewCustomer>,
    /// What the customer said.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub note: String,
}

/// One product of an order.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// Which.
    pub product_id: ProductId,
    /// How many.
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: i32,
}

/// A customer, as given with an order or by itself.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// Where mail reaches them.
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// What they are called.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: String,
    /// Where parcels reach them.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub address: String,
    /// ISO 3166-1 alpha-2, or empty.
    #[serde(default)]
    pub country: String,
}

impl NewCustomer {
    /// Looks at every field; their names get `prefix`.
    pub fn check(&self, prefix: &str, faults: &mut Faults) {
        let field = |name| format!("{prefix}{name}");
        faults.email(&field("email"), &self.email);
        faults.text(&field("name"), &self.name, 0, 200);
        faults.text(&field("address"), &self.address, 0, 1000);
        faults.country(&field("country"), &self.country);
    }
}

impl NewOrder {
    /// Looks at every field and gives how many of which product are wanted,
    /// in the order of the products' numbers: whoever locks several products
    /// locks them in that order.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn check(&self) -> Result<BTreeMap<ProductId, i32>, Vec<Fault>> {
        let mut faults = Faults::new();
        faults.check(!self.items.is_empty(), "items", "is empty");
        faults.check(
            self.items.len() <= MOST_ITEMS,
            "items",
            "has more than 100 products",
        );
        let mut wanted = BTreeMap::new();
        let pieces = 1..=MOST_PIECES;
        for (at, item) in self.items.iter().enumerate().take(MOST_ITEMS) {
            let sum = wanted.entry(item.product_id).or_insert(0_i32);
            *sum = sum.saturating_add(item.quantity);
            if !pieces.contains(&item.quantity) || !pieces.contains(sum) {
                faults.add(format!("items[{at}].quantity"), "must be from 1 to 1000");
            }
        }
        if let Some(customer) = &self.customer {
            customer.check("customer.", &mut faults);
        }
        faults.text("note", &self.note, 0, 2000);
        faults.into_result().map(|()| wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_has_ended_stays_ended() {
        for end in [OrderStatus::Cancelled, OrderStatus::Refunded] {
            assert!(end.next().is_empty());
        }
        assert!(!OrderStatus::Shipped.may_become(OrderStatus::Cancelled));
        for status in OrderStatus::ALL {
            assert!(!status.may_become(status));
            assert_eq!(status.to_string().parse::<OrderStatus>().unwrap(), status);
        }
    }

    proptest! {
        #[test]
        fn the_same_product_twice_is_once_with_the_sum(
            items in prop::collection::vec((1_i64..6, 1_i32..=100), 1..10),
        ) {
            let order = NewOrder {
                items: items.iter().map(|(id, quantity)| NewItem { product_id: ProductId(*id), quantity: *quantity }).collect(),
                customer: None,
                note: String::new(),
            };
            let wanted = order.check().unwrap();
            prop_assert_eq!(wanted.values().sum::<i32>(), items.iter().map(|(_, quantity)| quantity).sum::<i32>());
            let ids: Vec<_> = wanted.keys().copied().collect();
            prop_assert!(ids.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn a_quantity_cannot_be_added_up_beyond_the_limit() {
        let item = |quantity| NewItem {
            product_id: ProductId(1),
            quantity,
        };
        let order = |items| NewOrder {
            items,
            customer: None,
            note: String::new(),
        };
        assert!(order(vec![item(600), item(600)]).check().is_err());
        assert!(order(vec![item(i32::MAX), item(i32::MAX)]).check().is_err());
        assert!(order(vec![item(0)]).check().is_err());
        assert!(order(vec![]).check().is_err());
    }
}

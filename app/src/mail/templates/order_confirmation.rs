//! "We have your order."

use super::bodies;
use crate::domain::money::{Money, MoneyError};
use crate::domain::words;
use crate::domain::zone::Zone;
use crate::mail::message::one_line;
use crate::storage::documents::{ItemFacts, OrderFacts};

const LONGEST: usize = 300;

/// Confirms an order to its customer.
#[derive(Clone, Debug)]
pub struct OrderConfirmation {
    pub(in crate::mail) shop: String,
    pub(in crate::mail) customer: String,
    pub(in crate::mail) order: String,
    pub(in crate::mail) placed: String,
    pub(in crate::mail) lines: Vec<Line>,
    pub(in crate::mail) total: String,
}

#[derive(Clone, Debug)]
pub(in crate::mail) struct Line {
    pub(in crate::mail) name: String,
    pub(in crate::mail) sku: String,
    pub(in crate::mail) quantity: i32,
    pub(in crate::mail) price: String,
    pub(in crate::mail) amount: String,
}

/// Facts that make no mail.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The currency is not one.
    #[error(transparent)]
    Currency(#[from] crate::domain::money::UnknownCurrency),
    /// The amounts do not add up.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl OrderConfirmation {
    /// From an order as it is stored.
    ///
    /// # Errors
    /// When its amounts make no sense.
    pub fn of(order: &OrderFacts, items: &[ItemFacts], zone: &Zone) -> Result<Self, FactsError> {
        let currency = order.currency.parse()?;
        let lines = items.iter().map(|item| {
            let price = Money::new(item.price_cents, currency);
            Ok(Line {
                name: one_line(&item.name, LONGEST),
                sku: one_line(&item.sku, LONGEST),
                quantity: item.quantity,
                price: words::money(price),
                amount: words::money(price.times(item.quantity.into())?),
            })
        });
        Ok(Self {
            shop: one_line(&order.shop_name, LONGEST),
            customer: one_line(&order.customer_name, LONGEST),
            order: order.id.to_string(),
            placed: words::date(order.placed_at, zone),
            lines: lines.collect::<Result<_, MoneyError>>()?,
            total: words::money(Money::new(order.total_cents, currency)),
        })
    }

    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("Your order {} at {}", self.order, self.shop)
    }
}

bodies!(
    OrderConfirmation,
    "mail/order_confirmation.html",
    "mail/order_confirmation.txt"
);

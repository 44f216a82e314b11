//! What we read of Stripe's objects; the rest is passed over.

use serde::Deserialize;

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct List<T> {
    /// The objects.
    pub data: Vec<T>,
}

/// An object of which only the name counts.
#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    /// Its name.
    pub id: String,
}

/// A page of Stripe's, to which a browser is sent.
#[derive(Clone, Debug, Deserialize)]
pub struct Page {
    /// Its address; a finished checkout has none.
    pub url: Option<String>,
}

/// A checkout as events show it.
#[derive(Clone, Debug, Deserialize)]
pub struct Checkout {
    /// The subscription it made.
    pub subscription: Option<String>,
}

/// A subscription.
#[derive(Clone, Debug, Deserialize)]
pub struct Subscription {
    /// Its name.
    pub id: String,
    /// Who pays.
    pub customer: String,
    /// One of the states that `subscriptions.status` has.
    pub status: String,
    /// Whether it ends with the period.
    #[serde(default)]
    pub cancel_at_period_end: bool,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// What is paid for.
    pub items: List<Item>,
}

/// One thing that is paid for.
#[derive(Clone, Debug, Deserialize)]
pub struct Item {
    /// Its price.
    pub price: Named,
    /// Paid until, in seconds since 1970.
    pub current_period_end: Option<i64>,
}

impl Subscription {
    /// Whether it is one that may still be paid.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !matches!(self.status.as_str(), "canceled" | "incomplete_expired")
    }
}

/// An invoice of the platform to a vendor.
#[derive(Clone, Debug, Deserialize)]
pub struct Invoice {
    /// Its name.
    pub id: String,
    /// Who pays.
    pub customer: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: Option<String>,
    /// In the minor unit.
    pub total: i64,
    /// In lower case.
    pub currency: String,
    /// Where it can be seen and paid.
    pub hosted_invoice_url: Option<String>,
    /// In seconds since 1970.
    pub created: i64,
}

/// Something that happened.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Its name.
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, in seconds since 1970.
    pub created: i64,
    /// To what.
    pub data: Data,
}

/// What an event is about.
#[derive(Clone, Debug, Deserialize)]
pub struct Data {
    /// The object as it was then.
    pub object: serde_json::Value,
}

//! What pages are made with, whoever they are for.

pub mod form;
pub mod link;
pub mod picture;
pub mod when;

use crate::domain::money::Money;

/// An amount as the database has it, as people read it.
#[must_use]
pub fn price(minor: i64, currency: &str) -> String {
    currency.parse().map_or_else(
        |_| minor.to_string(),
        |currency| Money::new(minor, currency).to_string(),
    )
}

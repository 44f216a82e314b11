//! A visitor's cart: what and how many, in a cookie. It is the visitor's own
//! word and nobody else's, so it is read with care and not signed.

use crate::auth::cookies;
use crate::domain::ids::ProductId;
use crate::domain::order::{MOST_ITEMS, MOST_PIECES};
use axum::http::{HeaderMap, HeaderValue};
use std::collections::BTreeMap;
use std::time::Duration;

/// The cookie's name.
pub const COOKIE: &str = "__Host-wizamart-cart";
/// How long a cart is remembered.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Products and pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cart(BTreeMap<ProductId, i32>);

impl Cart {
    /// What the browser sent; anything that makes no sense is left out.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        cookies::get(headers, COOKIE).map_or_else(Self::default, Self::parse)
    }

    fn parse(text: &str) -> Self {
        let lines = text.split('~').filter_map(|line| {
            let (id, quantity) = line.split_once('.')?;
            let quantity: i32 = quantity.parse().ok()?;
            let in_bounds = (1..=MOST_PIECES).contains(&quantity);
            in_bounds.then_some((id.parse::<ProductId>().ok()?, quantity))
        });
        Self(lines.take(MOST_ITEMS).collect())
    }

    /// Puts pieces of a product in. What goes beyond the bounds of an order
    /// stays out.
    pub fn add(&mut self, product: ProductId, quantity: i32) {
        if self.0.len() >= MOST_ITEMS && !self.0.contains_key(&product) {
            return;
        }
        let now = self.0.get(&product).copied().unwrap_or(0);
        self.set(product, now.saturating_add(quantity));
    }

    /// Sets how many pieces there are; none takes the product out.
    pub fn set(&mut self, product: ProductId, quantity: i32) {
        if quantity < 1 {
            self.0.remove(&product);
        } else {
            self.0.insert(product, quantity.min(MOST_PIECES));
        }
    }

    /// The products and pieces, by product.
    pub fn lines(&self) -> impl Iterator<Item = (ProductId, i32)> {
        self.0
            .iter()
            .map(|(&product, &quantity)| (product, quantity))
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The cookie that keeps it.
    #[must_use]
    pub fn cookie(&self) -> Option<HeaderValue> {
        if self.is_empty() {
            return cookies::clear(COOKIE);
        }
        let lines: Vec<String> = self
            .lines()
            .map(|(product, quantity)| format!("{product}.{quantity}"))
            .collect();
        cookies::set(COOKIE, &lines.join("~"), KEPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cart_survives_its_cookie(lines in prop::collection::btree_map(1_i64..1_000_000, 1_i32..=1000, 1..100)) {
            let cart = Cart(lines.into_iter().map(|(id, quantity)| (ProductId(id), quantity)).collect());
            let cookie = cart.cookie().unwrap();
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            prop_assert!(pair.len() < 4096, "browsers drop longer ones");
            let mut headers = HeaderMap::new();
            headers.insert("cookie", pair.parse().unwrap());
            prop_assert_eq!(Cart::of(&headers), cart);
        }

        #[test]
        fn nonsense_is_left_out(text in "\\PC{0,200}") {
            let cart = Cart::parse(&text);
            prop_assert!(cart.lines().all(|(_, quantity)| (1..=MOST_PIECES).contains(&quantity)));
        }
    }

    #[test]
    fn pieces_add_up_and_none_takes_out() {
        let mut cart = Cart::default();
        cart.add(ProductId(7), 2);
        cart.add(ProductId(7), 3);
        assert_eq!(cart.lines().collect::<Vec<_>>(), [(ProductId(7), 5)]);
        cart.add(ProductId(7), i32::MAX);
        assert_eq!(
            cart.lines().collect::<Vec<_>>(),
            [(ProductId(7), MOST_PIECES)]
        );
        cart.set(ProductId(7), 0);
        assert!(cart.is_empty());
    }
}

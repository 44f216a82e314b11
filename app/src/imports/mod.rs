//! Imports from other marketplaces: products from a feed, orders from an
//! interface. Both are read as they arrive, so that a feed of any length needs
//! the same memory, and written in steps: rows, counts and position together
//! in one transaction. A run that is cut off goes on from there, and running a
//! step again changes nothing.
//!
//! Start reading at [`run`], which both have in common; then [`products`] and
//! [`orders`].

pub mod columns;
pub mod decode;
pub mod fetch;
pub mod order;
pub mod orders;
pub mod product;
pub mod products;
pub mod request;
pub mod rows;
pub mod run;
pub mod source;

/// Shortens what is shown of a value that is wrong.
fn excerpt(value: &str) -> String {
    const MOST: usize = 200;
    // A NUL cannot be stored, not even in a message about it.
    let mut text: String = value.chars().take(MOST).filter(|c| *c != '\0').collect();
    if value.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}

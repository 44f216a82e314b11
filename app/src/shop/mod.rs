//! What can be done in a shop, the same from the API and from pages: each
//! function is one act, with its limits checked, its audit entry written and
//! its jobs enqueued in one transaction. Reading needs none of that and goes to
//! [`crate::storage`] directly.

pub mod billing;
pub mod customers;
pub mod details;
pub mod labels;
pub mod listing;
pub mod orders;
pub mod pictures;
pub mod placing;
pub mod product_sheet;
pub mod products;
pub mod shelf;
pub mod till;

pub mod vendors;

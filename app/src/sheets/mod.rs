//! Products as a table of text (CSV, RFC 4180): what goes out comes in again
//! unchanged. Pure but for the reader that is given.

pub mod cells;
pub mod read;
pub mod write;

/// The columns, all of which a file must have: one that is left out by mistake
/// would empty what is in the catalogue.
pub const COLUMNS: [&str; 10] = [
    "sku",
    "name",
    "description",
    "price",
    "currency",
    "stock",
    "gtin",
    "brand",
    "image_url",
    "is_active",
];

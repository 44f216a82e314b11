//! The jobs of the product, one kind a file.

pub mod clean_up;
pub mod demo_mail;
pub mod import_orders;
pub mod import_products;
pub mod sample;

//! Everything that speaks SQL. A statement is a file under `sql/`, a function
//! here binds its parameters and reads its rows; nothing outside this folder
//! and the migration runner writes SQL, and nothing in here knows HTTP.
//!
//! Functions take an executor, so that callers decide whether they run alone
//! or inside a transaction. Start reading at [`jobs`].

pub mod accounts;
pub mod audit;
pub mod billing;
pub mod cart;
pub mod connect;
pub mod credentials;
pub mod credit_notes;
pub mod cron;
pub mod customers;
pub mod dashboard;
pub mod documents;
pub mod durability;
mod error;
pub mod flags;
pub mod idempotency;
pub mod imported_orders;
pub mod imported_products;
pub mod imports;
pub mod invoices;
pub mod jobs;
pub mod leases;
pub mod mails;
pub mod order_confirmations;
pub mod orders;
pub mod outbox;
pub mod password_resets;
pub mod placing;
pub mod plans;
pub mod product_images;
pub mod products;
pub mod queues;
pub mod reads;
pub mod recipients;
pub mod refresh_families;
pub mod reports;
pub mod retention;
pub mod sales;
pub mod samples;
pub mod sealing;
pub mod second_factor;
pub mod seed;
pub mod self_test;
pub mod signing_keys;
pub mod stretches;
pub mod together;
pub mod uploads;
pub mod users;
pub mod vendors;
pub mod webhook_events;
pub mod workers;

pub use error::{Doing, StorageError};

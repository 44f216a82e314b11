//! The Wizamart application.
//!
//! One binary, several processes: `web` answers HTTP, `worker` runs jobs,
//! `scheduler` enqueues periodic ones, `migrate` prepares the database. Start
//! reading at [`controllers`] for what is answered, at [`queue`] for what is
//! done in the background, at [`edge`] for sockets and TLS.

pub mod auth;
pub mod cache;
pub mod cart;
pub mod cli;
pub mod clock;
pub mod cloudflare;
pub mod controllers;
pub mod dev;
pub mod domain;
pub mod durability;
pub mod edge;
pub mod error_reports;
pub mod errors;
pub mod events;
pub mod files;
pub mod flags;
pub mod health;
pub mod hold;
pub mod imports;
pub mod lifecycle;
pub mod limiter;
pub mod logging;
pub mod mail;
pub mod metrics;
pub mod middleware;
pub mod migrations;
pub mod outbound;
pub mod pages;
pub mod payments;
pub mod pdf;
pub mod plot;
pub mod queue;
pub mod random;
pub mod reports;
pub mod secrets;
pub mod self_test;
pub mod services;
pub mod settings;
pub mod sheets;
pub mod shop;
pub mod state;
pub mod storage;
pub mod systemd;

//! The application against a real PostgreSQL and a real Redis, started for
//! this binary and stopped with it. One binary, so that there is one server.
// A test that runs a worker holds the futures of everything that it may do.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop where it is"
)]

mod access_tokens;
mod account_pages;
mod admin_pages;
mod api;
mod back_office;
mod billing_pages;
mod caching;
mod certificate;
mod cli;
mod cloudflare;
mod credit_notes;
mod csrf;
mod durability;
mod edge;
mod edge_acme;
mod edge_http2;
mod edge_smuggling;
mod edge_statics;
mod edge_tls;
mod error_reports;
mod flag_pages;
mod handover;
mod health;
mod hold;
mod hsts;
mod import_files;
mod imports;
mod imports_orders;
mod imports_resume;
mod invoice_mails;
mod invoice_pdf;
mod isolation;
mod limits;
mod lists;
mod logins;
mod mail;
mod mail_pages;
mod managed;
mod metrics;
mod migrations;
mod openapi;
mod orders;
mod orders_together;
mod passwords;
mod payments;
mod product_pictures;
mod product_sheets;
mod products;
mod queue;
mod queue_chaos;
mod queue_control;
mod queue_crash;
mod queue_feedback;
mod refresh_tokens;
mod reports;
mod request_log;
mod scheduler;
mod schema_gate;
mod second_factor;
mod secrets;
mod seed_and_dev;
mod self_test;
mod session_jobs;
mod shop_front;
mod statements;
mod stores;
mod support;
mod uploads;
mod users;
mod vendors;
mod websocket;
mod without_redis;
mod zones;

//! The sections of the operator's file, one file each.

pub(super) mod acme;
pub(super) mod admin;
pub(super) mod alerts;
pub(super) mod backups;
pub(super) mod cloudflare;
pub(super) mod database;
pub(super) mod firewall;
pub(super) mod imports;
pub(super) mod limits;
pub(super) mod log;
pub(super) mod mail;
pub(super) mod metrics;
pub(super) mod payments;
pub(super) mod redis;
pub(super) mod secrets;
pub(super) mod sentry;
pub(super) mod ssh;
pub(super) mod storage;
pub(super) mod time;
pub(super) mod updates;
pub(super) mod web;
pub(super) mod web_limits;
pub(super) mod workers;

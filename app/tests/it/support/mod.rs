//! What every test starts from: servers, a database of its own, the router.

pub mod app;
pub mod client;
pub mod edge;
pub mod feeds;
pub mod http;
pub mod janitor;
pub mod jobs;
pub mod mail_api;
pub mod mail_shop;
pub mod managed;
pub mod market;
pub mod people;
pub mod pictures;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod s3;
pub mod secrets;
pub mod shop;
pub mod smtp;
pub mod stripe;

use std::future::Future;
use std::time::{Duration, Instant};

/// Waits until a condition holds, or fails the test by name.
pub async fn eventually<F, Fut>(what: &str, mut holds: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let started = Instant::now();
    while !holds().await {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "never came true: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

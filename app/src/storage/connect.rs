//! Pools of database connections.

use super::StorageError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use std::time::{Duration, Instant};

/// A pool that connects when it is first used, so that a process can start
/// while PostgreSQL is down and say so instead of failing.
#[must_use]
pub fn lazy_pool(options: &PgConnectOptions, size: u32, name: &str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(size)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(300))
        .connect_lazy_with(named(options, name))
}

/// Connects, trying again for up to `patience` while the server starts.
///
/// # Errors
/// What the last try said.
pub async fn connect_patiently(
    options: &PgConnectOptions,
    name: &str,
    patience: Duration,
) -> Result<PgConnection, StorageError> {
    let started = Instant::now();
    let options = named(options, name);
    loop {
        match PgConnection::connect_with(&options).await {
            Ok(connection) => return Ok(connection),
            Err(source) if started.elapsed() >= patience => {
                return Err(StorageError {
                    action: "connect to PostgreSQL",
                    source,
                });
            }
            Err(error) => tracing::info!("PostgreSQL does not answer yet: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn named(options: &PgConnectOptions, name: &str) -> PgConnectOptions {
    options.clone().application_name(name)
}

//! Waiting for a usable schema: workers and the scheduler start beside the
//! migration, and must not touch tables that are not there yet.

use crate::lifecycle::Shutdown;
use crate::migrations::state::{self, Fit};
use crate::storage::{Doing, StorageError};
use crate::systemd::notify;
use sqlx::PgPool;
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(1);

/// Returns when the schema is usable, or when asked to stop.
pub(super) async fn wait(pool: &PgPool, shutdown: &Shutdown) {
    let mut last = String::new();
    while !shutdown.is_requested() {
        let obstacle = match look(pool).await {
            Ok(fit) if fit.is_usable() => return,
            Ok(fit) => fit.to_string(),
            Err(error) => error.to_string(),
        };
        if obstacle != last {
            tracing::info!("waiting: {obstacle}");
            notify::status(&format!("waiting: {obstacle}"));
            last = obstacle;
        }
        tokio::select! {
            () = shutdown.requested() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn look(pool: &PgPool) -> Result<Fit, StorageError> {
    let mut connection = pool.acquire().await.doing("connect to PostgreSQL")?;
    state::fit(&mut connection).await
}

//! Holding work back until the schema fits. The site starts beside the
//! migration, so that a boot does not wait for two programs in turn; no
//! request may meet a schema that this binary was not written for.

use super::state;
use crate::lifecycle::Shutdown;
use crate::storage::Doing;
use crate::systemd::notify;
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::watch;

/// Between two looks at a schema that does not fit.
const PAUSE: Duration = Duration::from_millis(250);

/// Open once the schema fits, and for good: what fits once keeps fitting,
/// because a release only widens it. A handle; cheap to clone.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<Option<String>>);

impl Gate {
    /// One that lets everything pass: the caller knows that the schema fits.
    #[must_use]
    pub fn open() -> Self {
        Self(watch::Sender::new(None))
    }

    /// One that holds everything back until [`Self::watch`] has seen a schema
    /// that fits.
    #[must_use]
    pub fn closed() -> Self {
        let obstacle = "the database was not asked for its schema yet";
        Self(watch::Sender::new(Some(obstacle.to_owned())))
    }

    /// Whether work may pass.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.borrow().is_none()
    }

    /// Waits for the gate to open.
    ///
    /// # Errors
    /// With what stands in the way, when it is still closed after `patience`.
    pub async fn pass(&self, patience: Duration) -> Result<(), String> {
        let mut changes = self.0.subscribe();
        // The sender is ours, so waiting ends with an open gate or in time.
        let _ = tokio::time::timeout(patience, changes.wait_for(Option::is_none)).await;
        match &*changes.borrow() {
            None => Ok(()),
            Some(obstacle) => Err(obstacle.clone()),
        }
    }

    /// Looks at the schema until it fits or `shutdown` is requested, and tells
    /// the log and systemd what stands in the way whenever that changes.
    pub async fn watch(self, pool: PgPool, shutdown: Shutdown) {
        let mut last = String::new();
        while !shutdown.is_requested() {
            let Some(obstacle) = obstacle(&pool).await else {
                self.0.send_replace(None);
                return;
            };
            if obstacle != last {
                tracing::info!("waiting: {obstacle}");
                notify::status(&format!("waiting: {obstacle}"));
                self.0.send_replace(Some(obstacle.clone()));
                last = obstacle;
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::open()
    }
}

/// What keeps the program from working with the database; nothing when it may.
async fn obstacle(pool: &PgPool) -> Option<String> {
    let fit = async {
        let mut connection = pool.acquire().await.doing("connect to PostgreSQL")?;
        state::fit(&mut connection).await
    };
    match fit.await {
        Ok(fit) if fit.is_usable() => None,
        Ok(fit) => Some(fit.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

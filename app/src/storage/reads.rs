//! Which server to read from. Lists and details may be a moment old, so a
//! streaming replica may answer them, while it answers at all and is not far
//! behind; otherwise the primary does.

use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the replica is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A database to read from.
#[derive(Clone, Debug)]
pub struct Reads {
    primary: PgPool,
    replica: Option<Arc<Replica>>,
}

#[derive(Debug)]
struct Replica {
    pool: PgPool,
    fit: AtomicBool,
}

impl Reads {
    /// The primary alone.
    #[must_use]
    pub fn of(primary: PgPool) -> Self {
        Self {
            primary,
            replica: None,
        }
    }

    /// A primary with a replica, which is looked at from now on. Needs a
    /// runtime.
    #[must_use]
    pub fn beside(primary: PgPool, replica: PgPool) -> Self {
        let replica = Arc::new(Replica {
            pool: replica,
            fit: AtomicBool::new(false),
        });
        // It ends with the last handle.
        let watched = Arc::downgrade(&replica);
        tokio::spawn(async move {
            while let Some(replica) = watched.upgrade() {
                replica.look().await;
                drop(replica);
                tokio::time::sleep(LOOK).await;
            }
        });
        Self {
            primary,
            replica: Some(replica),
        }
    }

    /// Where to read now.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        match &self.replica {
            Some(replica) if replica.fit.load(Ordering::Relaxed) => &replica.pool,
            _ => &self.primary,
        }
    }
}

impl Replica {
    async fn look(&self) {
        let asked = sqlx::query_scalar(include_str!("sql/reads/replica_is_current.sql"))
            .fetch_one(&self.pool);
        let fit = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(current)) => current,
            Ok(Err(_)) | Err(_) => false,
        };
        if self.fit.swap(fit, Ordering::Relaxed) != fit {
            let now = if fit { "the replica" } else { "the primary" };
            tracing::info!("lists and details are read from {now} now");
        }
    }
}

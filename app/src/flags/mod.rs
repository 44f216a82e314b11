//! Feature flags: what a vendor may use. A flag has a default; a plan may say
//! otherwise, and what is said of one vendor beats both.
//!
//! Answers are remembered twice, five minutes at most: in Redis, for all
//! processes, and in the process, while it hears of changes. A process that
//! hears nothing (Redis is away) asks Redis, and then the database, each time:
//! slower, never wrong for longer. Start reading at [`is_enabled`].

pub mod change;
mod listen;
mod remembered;
mod shared;

use crate::cache::Cache;
use crate::clock::SharedClock;
use crate::domain::ids::VendorId;
use crate::services::Services;
use crate::storage::StorageError;
use crate::storage::flags::{self, FlagRow};
use remembered::Remembered;
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How long an answer is remembered.
pub const REMEMBER: time::Duration = time::Duration::minutes(5);

/// Whether a flag is on for a vendor. One that nobody has made is off.
///
/// # Errors
/// When neither Redis nor the database answers.
pub async fn is_enabled(
    services: &Services,
    vendor: VendorId,
    name: &str,
) -> Result<bool, StorageError> {
    let flags = services.flags.resolved(vendor).await?;
    Ok(flags.iter().any(|flag| flag.enabled && flag.name == name))
}

/// The flags, remembered. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Flags(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    cache: Cache,
    clock: SharedClock,
    remembered: Remembered,
    /// Whether the task that hears of changes was started.
    started: AtomicBool,
}

impl Flags {
    /// Flags of this database, remembered in this Redis.
    #[must_use]
    pub fn new(pool: PgPool, cache: Cache, clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            pool,
            cache,
            clock,
            remembered: Remembered::default(),
            started: AtomicBool::new(false),
        }))
    }

    /// All flags as they stand for a vendor. Needs a runtime.
    ///
    /// # Errors
    /// When neither Redis nor the database answers.
    pub async fn resolved(&self, vendor: VendorId) -> Result<Arc<[FlagRow]>, StorageError> {
        let inner = &*self.0;
        if !inner.started.swap(true, Ordering::Relaxed) {
            tokio::spawn(listen::run(self.clone()));
        }
        let now = inner.clock.now();
        let (known, era) = inner.remembered.get(vendor, now);
        if let Some(flags) = known {
            return Ok(flags);
        }
        let (shared, version) = match shared::get(&inner.cache, vendor).await {
            Ok((flags, version)) => (flags, Some(version)),
            Err(error) => {
                tracing::debug!("{error}; reading flags from the database");
                (None, None)
            }
        };
        let flags: Arc<[FlagRow]> = match shared {
            Some(flags) => flags.into(),
            None => {
                let flags = flags::resolved(&inner.pool, vendor).await?;
                if let Some(version) = version
                    && let Err(error) = shared::put(&inner.cache, vendor, &flags, &version).await
                {
                    tracing::debug!("{error}; flags are not remembered");
                }
                flags.into()
            }
        };
        inner
            .remembered
            .put(vendor, Arc::clone(&flags), now + REMEMBER, era);
        Ok(flags)
    }

    /// Forgets everything, here and in the other processes. To be called when
    /// a change is committed.
    pub async fn forget(&self) {
        self.0.remembered.clear();
        if let Err(error) = shared::forget(&self.0.cache).await {
            tracing::warn!("{error}; changed flags are seen in {REMEMBER} at the latest");
        }
    }
}

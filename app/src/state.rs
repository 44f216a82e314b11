//! What handlers share.

use crate::auth::Auth;
use crate::cache::Cache;
use crate::clock::SharedClock;
use crate::health::Health;
use crate::queue::registry::Registry;
use onebox_model::Release;
use sqlx::PgPool;
use std::path::PathBuf;
use std::sync::Arc;

/// Cheap to clone: everything in it is shared.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The database.
    pub pool: PgPool,
    /// Redis.
    pub cache: Cache,
    /// The time.
    pub clock: SharedClock,
    /// Logins and sessions.
    pub auth: Auth,
    /// The kinds of jobs.
    pub registry: Arc<Registry>,
    /// The checks behind `/ready`.
    pub health: Health,
    /// What image this runs in, if any.
    pub release: Option<Release>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        pool: PgPool,
        cache: Cache,
        clock: SharedClock,
        state_dir: PathBuf,
        release: Option<Release>,
    ) -> Self {
        Self {
            auth: Auth::new(cache.clone()),
            registry: Arc::new(Registry::standard()),
            health: Health::new(pool.clone(), cache.clone(), Arc::clone(&clock), state_dir),
            pool,
            cache,
            clock,
            release,
        }
    }
}

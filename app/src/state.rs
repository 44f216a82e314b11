//! What handlers share.

use crate::auth::Auth;
use crate::cache::Cache;
use crate::clock::SharedClock;
use crate::controllers::admin::dashboard::summary::Summaries;
use crate::events::hub::Hub;
use crate::health::Health;
use crate::queue::registry::Registry;
use crate::services::Services;
use onebox_model::Release;
use sqlx::PgPool;
use std::ops::Deref;
use std::sync::Arc;

/// A handle: every request takes several, so that one counter is what each
/// costs.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Parts>);

/// What is behind [`AppState`].
#[derive(Debug)]
pub struct Parts {
    /// What requests and jobs both work with.
    pub services: Services,
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
    /// Live news for WebSockets.
    pub hub: Hub,
    /// The checks behind `/ready`.
    pub health: Health,
    /// Sums and plots that were made lately.
    pub summaries: Summaries,
    /// What image this runs in, if any.
    pub release: Option<Release>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(services: Services, release: Option<Release>) -> Self {
        let pool = services.pool.clone();
        let cache = services.cache.clone();
        let clock = Arc::clone(&services.clock);
        let sealer = services.sealer.clone();
        let hold = services.hold.clone();
        let state_dir = services.state_dir.to_path_buf();
        Self(Arc::new(Parts {
            auth: Auth::new(&services),
            services,
            registry: Arc::new(Registry::standard()),
            hub: Hub::new(cache.clone()),
            health: Health::new(
                pool.clone(),
                cache.clone(),
                Arc::clone(&clock),
                sealer,
                state_dir,
                hold,
            ),
            pool,
            cache,
            clock,
            summaries: Summaries::default(),
            release,
        }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

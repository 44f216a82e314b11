//! What both requests and jobs work with: the database, Redis, the time, the
//! configuration, and the ways out of the box. Built once in each process and
//! cheap to clone; nothing in the application reaches for a global instead.

use crate::cache::Cache;
use crate::clock::SharedClock;
use crate::edge::statics::Statics;
use crate::files::Files;
use crate::metrics::Metrics;
use crate::outbound::{Outbound, Reach};
use crate::payments::stripe::Stripe;
use onebox_model::Config;
use sqlx::PgPool;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The parts a process is made of.
#[derive(Clone, Debug)]
pub struct Services {
    /// The database.
    pub pool: PgPool,
    /// Redis.
    pub cache: Cache,
    /// The time.
    pub clock: SharedClock,
    /// The operator's choices.
    pub config: Arc<Config>,
    /// Where the application keeps its own files.
    pub state_dir: Arc<Path>,
    /// HTTP to the outside.
    pub outbound: Outbound,
    /// The operator's static files.
    pub statics: Statics,
    /// What is counted.
    pub metrics: Metrics,
    /// Where uploads and reports are.
    pub files: Files,
    /// How vendors pay.
    pub stripe: Stripe,
}

impl Services {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        pool: PgPool,
        cache: Cache,
        clock: SharedClock,
        config: Arc<Config>,
        state_dir: PathBuf,
    ) -> Self {
        let reach = match config.imports.allow_private_networks {
            true => Reach::Everywhere,
            false => Reach::Public,
        };
        let outbound = Outbound::new(reach);
        Self {
            stripe: Stripe::new(Arc::clone(&config), outbound.clone()),
            files: Files::new(&config, &state_dir),
            pool,
            cache,
            clock,
            statics: Statics::new(config.web.static_dir.clone()),
            config,
            state_dir: state_dir.into(),
            outbound,
            metrics: Metrics::default(),
        }
    }
}

//! What both requests and jobs work with: the database, Redis, the time, the
//! configuration, and the ways out of the box. Built once in each process and
//! cheap to clone; nothing in the application reaches for a global instead.

use crate::cache::Cache;
use crate::clock::SharedClock;
use crate::cloudflare::Cloudflare;
use crate::domain::zone::{UnknownZone, Zone};
use crate::durability::Durability;
use crate::edge::statics::Statics;
use crate::error_reports::Reporter;
use crate::files::Files;
use crate::flags::Flags;
use crate::hold::Hold;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::migrations::gate::Gate;
use crate::outbound::{Outbound, Reach};
use crate::payments::stripe::Stripe;
use crate::queue::wakeup::Wakeups;
use crate::secrets::Sealer;
use crate::settings::Settings;
use crate::shop::shelf::{self, Shelf};
use crate::shop::till::Till;
use crate::storage::connect;
use crate::storage::order_confirmations::Confirmations;
use crate::storage::reads::Reads;
use onebox_model::Config;
use sqlx::PgPool;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sessions past the pooler that a process may have at once.
const SESSIONS: u32 = 4;

/// The parts a process is made of. A handle: every request takes one, so that
/// one counter is what it costs.
#[derive(Clone, Debug)]
pub struct Services(Arc<Parts>);

/// What is behind [`Services`].
#[derive(Clone, Debug)]
pub struct Parts {
    /// The database.
    pub pool: PgPool,
    /// The database for what needs a session, such as notifications: past a
    /// transaction pooler, if there is one.
    pub sessions: PgPool,
    /// Where to read what may be a moment old.
    pub reads: Reads,
    /// What is on sale, read for many at once.
    pub shelf: Shelf,
    /// Where orders are placed.
    pub till: Till,
    /// Orders that are to be confirmed.
    pub confirmations: Confirmations,
    /// Redis.
    pub cache: Cache,
    /// The time.
    pub clock: SharedClock,
    /// The network in front of the box.
    pub cloudflare: Cloudflare,
    /// Feature flags.
    pub flags: Flags,
    /// Waiting for the disk.
    pub durability: Durability,
    /// Waking workers after a commit.
    pub wakeups: Wakeups,
    /// The operator's choices.
    pub config: Arc<Config>,
    /// Sends mail.
    pub mailer: Mailer,
    /// Seals what the database must not show.
    pub sealer: Sealer,
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
    /// Where errors are reported.
    pub reporter: Reporter,
    /// In which time people are shown times.
    pub zone: Zone,
    /// Open when the schema fits this binary.
    pub schema: Gate,
    /// On while an upgrade is on trial.
    pub hold: Hold,
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
        sealer: Sealer,
    ) -> Self {
        let reach = match config.imports.allow_private_networks {
            true => Reach::Everywhere,
            false => Reach::Public,
        };
        let outbound = Outbound::new(reach);
        let zone = config.time.zone.parse();
        let zone = zone.unwrap_or_else(|error: UnknownZone| {
            tracing::error!("{error} (time.zone); people are shown UTC");
            Zone::utc()
        });
        let mailer = Mailer::new(&config, Arc::clone(&clock), &outbound);
        let reads = Reads::of(pool.clone());
        Self(Arc::new(Parts {
            shelf: Shelf::new(reads.clone(), shelf::USUAL_ROOM),
            till: Till::new(pool.clone()),
            confirmations: Confirmations::new(pool.clone(), SharedClock::clone(&clock)),
            stripe: Stripe::new(Arc::clone(&config), outbound.clone()),
            files: Files::new(&config, &state_dir),
            cloudflare: Cloudflare::new(&config.cloudflare, &state_dir),
            sessions: pool.clone(),
            reads,
            flags: Flags::new(pool.clone(), cache.clone(), SharedClock::clone(&clock)),
            durability: Durability::new(&pool),
            wakeups: Wakeups::new(pool.clone()),
            pool,
            cache,
            clock,
            statics: Statics::new(config.web.static_dir.clone()),
            config,
            mailer,
            sealer,
            state_dir: state_dir.into(),
            outbound,
            metrics: Metrics::default(),
            reporter: Reporter::default(),
            zone,
            schema: Gate::open(),
            hold: Hold::default(),
        }))
    }

    /// The same with requests held back by `gate`.
    #[must_use]
    pub fn behind(self, gate: Gate) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.schema = gate;
        Self(Arc::new(parts))
    }

    /// The same with everything held back while `hold` is on.
    #[must_use]
    pub fn held_by(self, hold: Hold) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.hold = hold;
        Self(Arc::new(parts))
    }

    /// The same with what only a process has: the replica and the way past
    /// the pooler that the operator named, and reports.
    #[must_use]
    pub fn reaching(self, settings: &Settings) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.reporter = settings.reporter.clone();
        if settings.config.database.direct_url.is_some() {
            parts.sessions = connect::lazy_pool(&settings.sessions, SESSIONS, "wizamart sessions");
        }
        if let Some(replica) = &settings.replica {
            let size = settings.sizing.app.web_pool;
            let replica = connect::lazy_pool(replica, size, "wizamart reads");
            parts.reads = Reads::beside(parts.pool.clone(), replica);
        }
        parts.shelf = Shelf::new(parts.reads.clone(), settings.sizing.app.shelf);
        Self(Arc::new(parts))
    }
}

impl Deref for Services {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

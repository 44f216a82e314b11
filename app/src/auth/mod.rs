//! Who is asking, and may they?
//!
//! A program that logs in gets an access token, a signed statement that lives
//! an hour ([`access`]), and a refresh token, which works once and gives the
//! next pair ([`refresh`]). A browser gets a cookie for a session in Redis
//! ([`session`]), and then every change it asks for must carry a second token
//! ([`session::Session::csrf`]) that another site cannot know. Either way the
//! account is read with each request: one that was switched off is out at once.
//! Only hashes of secrets are stored, and what must be known is sealed
//! ([`crate::secrets`]), so that a copy of Redis or of the database opens
//! nothing.
//!
//! Administrative acts are written down with [`audit`]. Start reading at
//! [`login`] and [`identity`].

pub mod access;
pub mod accounts;
pub mod audit;
pub mod cookies;
pub mod half_way;
pub mod identity;
pub mod keys;
pub mod login;
pub mod logins;
pub mod password;
pub mod password_change;
pub mod qr;
pub mod refresh;
pub mod reset;
pub mod second_factor;
pub mod session;
pub mod tenant;
pub mod throttle;

use crate::limiter::Limiter;
use crate::limiter::leases::Leases;
use crate::limiter::local::LocalCounters;
use crate::services::Services;
use crate::storage::together::{Batches, Together};
use crate::storage::users::{self, CallerRow, Stated};
use access::AccessTokens;
use futures_util::FutureExt;
use half_way::HalfWays;
use keys::Keys;
use password::Passwords;
use session::Sessions;
use sqlx::PgPool;
use std::sync::Arc;
use throttle::Throttle;

/// What logging in needs.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Hashing.
    pub passwords: Passwords,
    /// Programs' tokens.
    pub tokens: AccessTokens,
    /// The accounts behind those, as of now: asked about with every request.
    pub callers: Together<Stated, Option<CallerRow>>,
    /// Browsers' sessions.
    pub sessions: Sessions,
    /// Browsers that have yet to send a code.
    pub half_ways: HalfWays,
    /// Counting attempts to log in.
    pub throttle: Throttle,
    /// Counting everything else.
    pub leases: Leases,
}

impl Auth {
    /// With what the process has.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        let clock = Arc::clone(&services.clock);
        let keys = Keys::new(
            services.pool.clone(),
            services.sealer.clone(),
            Arc::clone(&clock),
        );
        let limiter = Limiter::new(services.cache.clone(), Arc::clone(&clock));
        Self {
            passwords: Passwords::new(),
            tokens: AccessTokens::new(keys, clock),
            callers: callers(services.pool.clone()),
            sessions: Sessions::new(services.cache.clone()),
            half_ways: HalfWays::new(services.cache.clone()),
            throttle: Throttle::new(
                limiter.clone(),
                LocalCounters::new(Arc::clone(&services.clock)),
                &services.config.limits,
            ),
            leases: Leases::new(limiter, Arc::clone(&services.clock)),
        }
    }
}

/// Two rows by their keys cost next to nothing, so the fewer statements the
/// better.
fn callers(pool: PgPool) -> Together<Stated, Option<CallerRow>> {
    let batches = Batches {
        most: 64,
        side_by_side: 2,
    };
    Together::new(batches, move |tokens: Vec<Stated>| {
        let pool = pool.clone();
        async move { users::authenticate_tokens(&pool, &tokens).await }.boxed()
    })
}

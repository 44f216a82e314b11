//! Where an account is logged in: programs by their refresh tokens, browsers by
//! their sessions, in one list.

use super::audit::{self, Entry};
use super::identity::Identity;
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use crate::storage::{Doing, refresh_families};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A program, with tokens.
    Program,
    /// A browser, with a cookie.
    Browser,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Browser => "browser",
        }
    }
}

/// One login.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Login {
    /// Names it; opens nothing.
    pub id: Uuid,
    /// What logged in.
    pub kind: Kind,
    /// From where, last.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub began_at: OffsetDateTime,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Every login of the account that asks, the newest first.
///
/// # Errors
/// When the database or Redis is away.
pub async fn list(state: &AppState, identity: &Identity) -> AppResult<Vec<Login>> {
    let user = identity.session.user_id;
    let programs = refresh_families::list(&state.pool, user, state.clock.now()).await?;
    let browsers = state.auth.sessions.list(user).await?;
    let programs = programs.into_iter().map(|row| Login {
        current: row.id == identity.login,
        id: row.id,
        kind: Kind::Program,
        address: row.address,
        user_agent: row.user_agent,
        began_at: row.created_at,
    });
    let browsers = browsers.into_iter().map(|stored| Login {
        current: stored.id == identity.login,
        id: stored.id,
        kind: Kind::Browser,
        address: stored.address,
        user_agent: stored.user_agent,
        began_at: stored.began_at,
    });
    let mut all: Vec<_> = programs.chain(browsers).collect();
    all.sort_by_key(|login| std::cmp::Reverse(login.began_at));
    Ok(all)
}

/// Ends one of them.
///
/// # Errors
/// 404 when the account has no such login.
pub async fn end(state: &AppState, identity: &Identity, id: Uuid) -> AppResult<()> {
    let (user, now) = (identity.session.user_id, state.clock.now());
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let ended = refresh_families::revoke(&mut *transaction, id, user, now).await?
        || state.auth.sessions.end_one(user, id).await?;
    if !ended {
        return Err(AppError::not_found("This account has no such session."));
    }
    let entry = Entry::by(identity, "session.end", now).subject(id);
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("end a session")?;
    Ok(())
}

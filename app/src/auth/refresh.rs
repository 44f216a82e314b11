//! Refresh tokens: a program exchanges one for a new pair. Each works once. One
//! that is used a second time was copied by somebody, and since we cannot tell
//! which of the two is the thief, the whole login ends (RFC 9700, 4.14.2).

use super::audit::{self, Entry};
use crate::errors::{AppError, AppResult};
use crate::random;
use crate::state::AppState;
use crate::storage::Doing;
use crate::storage::refresh_families::{self, NewFamily, Rotation};
use std::net::IpAddr;
use time::Duration;
use uuid::Uuid;

/// How long a login stays usable after its last use.
pub const LIFE: Duration = Duration::days(30);
/// What is kept of a program's name for itself.
const LONGEST_AGENT: usize = 200;

/// What a program gets for logging in. It has no `Debug`: it holds secrets.
pub struct Pair {
    /// Opens the API for an hour.
    pub access: String,
    /// Gives the next pair.
    pub refresh: String,
}

/// Begins a login of a program.
///
/// # Errors
/// When the database fails or no secret can be made.
pub async fn begin(
    state: &AppState,
    user: Uuid,
    from: IpAddr,
    agent: Option<&str>,
) -> AppResult<Pair> {
    let now = state.clock.now();
    let (login, refresh) = (Uuid::now_v7(), random::token()?);
    let family = NewFamily {
        id: login,
        user_id: user,
        token_hash: &random::sha256_hex(refresh.as_bytes()),
        user_agent: &short(agent),
        address: &from.to_canonical().to_string(),
        now,
        expires_at: now + LIFE,
    };
    refresh_families::insert(&state.pool, &family).await?;
    let access = state.auth.tokens.issue(user, login).await?;
    Ok(Pair { access, refresh })
}

/// The beginning of what a program calls itself, without control characters.
#[must_use]
pub fn short(agent: Option<&str>) -> String {
    agent
        .unwrap_or_default()
        .chars()
        .filter(|char| !char.is_control())
        .take(LONGEST_AGENT)
        .collect()
}

/// Exchanges a refresh token for the next pair.
///
/// # Errors
/// 401 when it does not work. When it was spent before, its login ends.
pub async fn exchange(
    state: &AppState,
    token: &str,
    from: IpAddr,
    agent: Option<&str>,
) -> AppResult<Pair> {
    let now = state.clock.now();
    let (old_hash, refresh) = (random::sha256_hex(token.as_bytes()), random::token()?);
    let rotation = Rotation {
        old_hash: &old_hash,
        new_hash: &random::sha256_hex(refresh.as_bytes()),
        user_agent: &short(agent),
        address: &from.to_canonical().to_string(),
        now,
        expires_at: now + LIFE,
    };
    let Some(login) = refresh_families::rotate(&state.pool, &rotation).await? else {
        report_reuse(state, &old_hash, from).await?;
        return Err(AppError::unauthorized(
            "The refresh token has ended or never was; log in.",
        ));
    };
    let access = state.auth.tokens.issue(login.user_id, login.id).await?;
    Ok(Pair { access, refresh })
}

async fn report_reuse(state: &AppState, hash: &str, from: IpAddr) -> AppResult<()> {
    let now = state.clock.now();
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let Some(login) = refresh_families::revoke_reused(&mut *transaction, hash, now).await? else {
        return Ok(());
    };
    tracing::warn!(%from, user = %login.user_id, "a spent refresh token came back; its login was ended");
    let entry = Entry::unattended(login.email, "session.reuse", now)
        .user(login.user_id)
        .vendor(login.vendor_id)
        .address(from)
        .subject(login.id);
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("end a login")?;
    Ok(())
}

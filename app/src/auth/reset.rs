//! Setting a password without knowing the old one: with a token from a mail.
//! The job that sends the mail makes the token, so that it is in no table in
//! clear; the table of resets holds its hash.

use super::audit::{self, Entry};
use super::password::check_new;
use crate::errors::{AppError, AppResult};
use crate::queue::enqueue::{NewJob, Unique, enqueue};
use crate::queue::jobs::password_reset::{PasswordReset, Purpose};
use crate::random::{self, NoRandomness};
use crate::state::AppState;
use crate::storage::users::CallerRow;
use crate::storage::{Doing, StorageError, credentials, password_resets, refresh_families, users};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::net::IpAddr;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a link of a reset works.
pub const RESET_LIFE: Duration = Duration::hours(1);
/// How long a link of an invitation works.
pub const INVITATION_LIFE: Duration = Duration::days(7);
/// A second request within this time sends no second mail.
const ONE_MAIL_PER: Duration = Duration::minutes(5);

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Asks for a mail with a link, when there is such an account. The caller must
/// not tell whether there is.
///
/// # Errors
/// When the database fails.
pub async fn request(state: &AppState, email: &str) -> AppResult<()> {
    let Some(user) = users::find_by_email(&state.pool, email).await? else {
        return Ok(());
    };
    if user.is_active {
        let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
        mail(&mut transaction, user.id, Purpose::Reset, state.clock.now()).await?;
        transaction
            .commit()
            .await
            .doing("enqueue a password reset")?;
    }
    Ok(())
}

/// Enqueues the mail, in the transaction that is the reason for it.
///
/// # Errors
/// When the database fails.
pub async fn mail(
    connection: &mut PgConnection,
    user_id: Uuid,
    purpose: Purpose,
    now: OffsetDateTime,
) -> AppResult<()> {
    let key = format!("{user_id}:{}", purpose.as_str());
    let job = NewJob::of(&PasswordReset { user_id, purpose })?
        .unique(Unique::PerPeriod(key, ONE_MAIL_PER));
    enqueue(connection, &job, now).await?;
    Ok(())
}

/// Makes a token. It is for the mail and nothing else.
///
/// # Errors
/// When the database fails.
pub async fn make(
    pool: &PgPool,
    user: Uuid,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<String, ResetError> {
    let token = random::token()?;
    let life = match purpose {
        Purpose::Reset => RESET_LIFE,
        Purpose::Invitation => INVITATION_LIFE,
    };
    let hash = random::sha256_hex(token.as_bytes());
    password_resets::insert(pool, &hash, user, now, now + life).await?;
    Ok(token)
}

/// Sets the password that a token allows to set, and ends every login of the
/// account.
///
/// # Errors
/// When the token does not work, or the password is too weak.
pub async fn confirm(
    state: &AppState,
    token: &str,
    password: String,
    from: IpAddr,
) -> AppResult<CallerRow> {
    check_new(&password)?;
    let now = state.clock.now();
    let hash = random::sha256_hex(token.as_bytes());
    // A hash costs memory and time; nothing is hashed for strangers.
    if password_resets::find(&state.pool, &hash, now)
        .await?
        .is_none()
    {
        return Err(dead_link());
    }
    let password_hash = state.auth.passwords.hash(password).await?;
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let user = password_resets::spend(&mut *transaction, &hash, now)
        .await?
        .ok_or_else(dead_link)?;
    credentials::set_password(&mut *transaction, user.id, &password_hash, now).await?;
    refresh_families::revoke_all(&mut *transaction, user.id, None, now).await?;
    let entry = Entry::unattended(user.email.clone(), "password.reset", now)
        .user(user.id)
        .vendor(user.vendor_id)
        .address(from)
        .subject(user.id)
        .detail(json!({"by": "link"}));
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("set a password")?;
    forget_sessions(state, user.id, None).await;
    Ok(user)
}

/// Takes an account's sessions out of Redis. They are void already, by the
/// account's own row; this is tidying, and Redis may be away.
pub async fn forget_sessions(state: &AppState, user: Uuid, except: Option<Uuid>) {
    if let Err(error) = state.auth.sessions.end_all(user, except).await {
        tracing::warn!("ended sessions stay in Redis until their time: {error}");
    }
}

fn dead_link() -> AppError {
    AppError::invalid("token", "has ended or never was; ask for a new link")
}

//! A new password for someone who knows the old one.

use super::audit::{self, Entry};
use super::identity::Identity;
use super::password::check_new;
use super::{login, reset};
use crate::errors::AppResult;
use crate::state::AppState;
use crate::storage::{Doing, credentials, refresh_families};

/// Sets it, and ends every login of the account: the caller begins a new one
/// where that is wanted.
///
/// # Errors
/// 422 when the old one is wrong or the new one too weak.
pub async fn change(
    state: &AppState,
    identity: &Identity,
    current: String,
    new: String,
) -> AppResult<()> {
    check_new(&new)?;
    let user = login::again(state, &identity.session.email, current, identity.address).await?;
    let hash = state.auth.passwords.hash(new).await?;
    let now = state.clock.now();
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    credentials::set_password(&mut *transaction, user.id, &hash, now).await?;
    refresh_families::revoke_all(&mut *transaction, user.id, None, now).await?;
    let entry = Entry::by(identity, "password.change", now).subject(user.id);
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("change a password")?;
    reset::forget_sessions(state, user.id, None).await;
    Ok(())
}

//! Who may make, change and remove accounts, and which.
//!
//! Administrators manage everybody; an owner manages the staff of the own shop
//! and sees its other owners; staff manage nobody. Nobody changes the own role
//! or removes the own account, and the last administrator, or the last owner of
//! a shop, stays.

use super::audit::{self, Entry};
use super::identity::Identity;
use super::reset;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult};
use crate::queue::jobs::password_reset::Purpose;
use crate::random;
use crate::state::AppState;
use crate::storage::accounts::{self, NewAccount};
use crate::storage::credentials::{self, ProfileRow};
use crate::storage::users::Role;
use crate::storage::{Doing, refresh_families};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Whose accounts someone sees: of one vendor, or (`None`) everybody's.
///
/// # Errors
/// 403 for who manages nobody.
pub fn scope(identity: &Identity) -> AppResult<Option<VendorId>> {
    match (identity.session.role, identity.session.vendor_id) {
        (Role::Admin, _) => Ok(None),
        (Role::Owner, Some(vendor)) => Ok(Some(vendor)),
        (Role::Owner, None) => Err(AppError::forbidden("This account belongs to no vendor.")),
        (Role::Staff, _) => Err(AppError::forbidden("Only the shop's owner may do this.")),
    }
}

/// An account that someone sees.
///
/// # Errors
/// 404 when there is none, or it is another shop's.
pub async fn find(state: &AppState, identity: &Identity, id: Uuid) -> AppResult<ProfileRow> {
    let mut connection = state.pool.acquire().await.doing("get a connection")?;
    visible(&mut connection, identity, id).await
}

/// What a new account is to be.
#[derive(Clone, Debug)]
pub struct New {
    /// Its address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// For whose shop; an owner's own when left out.
    pub vendor: Option<VendorId>,
}

/// Makes an account and invites its owner by mail.
///
/// # Errors
/// 403 for a role that the one who asks may not give, 422 and 409 for what does
/// not fit.
pub async fn create(state: &AppState, identity: &Identity, new: New) -> AppResult<ProfileRow> {
    let scope = scope(identity)?;
    let email = new.email.trim();
    check_address(email)?;
    check_name(&new.name)?;
    let vendor = match (scope, new.role, new.vendor) {
        (Some(_), Role::Admin | Role::Owner, _) => {
            return Err(AppError::forbidden(
                "Only administrators may give that role.",
            ));
        }
        (Some(own), Role::Staff, named) if named.is_none_or(|named| named == own) => Some(own),
        (Some(_), Role::Staff, _) => return Err(AppError::not_found("There is no such vendor.")),
        (None, Role::Admin, None) => None,
        (None, Role::Admin, Some(_)) => {
            let text = "must be left out: administrators belong to no vendor";
            return Err(AppError::invalid("vendor_id", text));
        }
        (None, Role::Owner | Role::Staff, Some(vendor)) => Some(vendor),
        (None, Role::Owner | Role::Staff, None) => {
            return Err(AppError::invalid("vendor_id", "is missing"));
        }
    };
    if let Some(vendor) = vendor
        && accounts::vendor_name(&state.pool, vendor).await?.is_none()
    {
        return Err(AppError::invalid("vendor_id", "names no vendor"));
    }
    // Nobody knows this password; the link in the mail sets another.
    let hash = state.auth.passwords.hash(random::token()?).await?;
    let (id, now) = (Uuid::now_v7(), state.clock.now());
    let account = NewAccount {
        id,
        email,
        name: &new.name,
        role: new.role,
        vendor_id: vendor,
    };
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    accounts::lock_roles(&mut *transaction).await?;
    if let Some(vendor) = vendor
        && !accounts::has_room(&mut *transaction, vendor).await?
    {
        return Err(AppError::conflict(
            "The shop's plan allows no more accounts.",
        ));
    }
    if !accounts::insert(&mut *transaction, &account, &hash, now).await? {
        return Err(AppError::conflict("There is an account of that address."));
    }
    reset::mail(&mut transaction, id, Purpose::Invitation, now).await?;
    let entry = Entry::by(identity, "user.create", now)
        .vendor(vendor)
        .subject(id)
        .detail(json!({"email": email, "role": new.role}));
    audit::record(&mut transaction, entry).await?;
    let made = visible(&mut transaction, identity, id).await?;
    transaction.commit().await.doing("create an account")?;
    Ok(made)
}

/// What is to change of an account.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The person's name.
    pub name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it may log in.
    pub is_active: Option<bool>,
}

/// Changes an account. One that may do less from now on is logged out.
///
/// # Errors
/// 403 and 409 for what may not be, 404 without such an account.
pub async fn update(
    state: &AppState,
    identity: &Identity,
    id: Uuid,
    changes: Changes,
) -> AppResult<ProfileRow> {
    let now = state.clock.now();
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    accounts::lock_roles(&mut *transaction).await?;
    let before = visible(&mut transaction, identity, id).await?;
    let mut after = before.clone();
    if let Some(name) = changes.name {
        check_name(&name)?;
        after.name = name;
    }
    after.role = changes.role.unwrap_or(before.role);
    after.is_active = changes.is_active.unwrap_or(before.is_active);
    let changed = after.role != before.role || after.is_active != before.is_active;
    let own = id == identity.session.user_id;
    if own && changed {
        return Err(AppError::forbidden(
            "Nobody changes the own role or switches the own account off.",
        ));
    }
    if !own {
        may_manage(identity, before.role)?;
        may_manage(identity, after.role)?;
    }
    if (after.role == Role::Admin) != after.vendor_id.is_none() {
        let text = "does not go with where the account belongs; make a new account";
        return Err(AppError::invalid("role", text));
    }
    if changed {
        stays_in_charge(&mut transaction, &before).await?;
        credentials::end_sessions(&mut *transaction, id, now).await?;
        refresh_families::revoke_all(&mut *transaction, id, None, now).await?;
    }
    accounts::update(&mut *transaction, &after, now).await?;
    let entry = Entry::by(identity, "user.update", now)
        .vendor(after.vendor_id)
        .subject(id)
        .detail(json!({"role": after.role, "is_active": after.is_active, "name": after.name}));
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("change an account")?;
    if changed {
        reset::forget_sessions(state, id, None).await;
    }
    Ok(after)
}

/// Removes an account.
///
/// # Errors
/// 403 and 409 for who may not go, 404 without such an account.
pub async fn delete(state: &AppState, identity: &Identity, id: Uuid) -> AppResult<()> {
    let now = state.clock.now();
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    accounts::lock_roles(&mut *transaction).await?;
    let account = visible(&mut transaction, identity, id).await?;
    if id == identity.session.user_id {
        return Err(AppError::forbidden("Nobody removes the own account."));
    }
    may_manage(identity, account.role)?;
    stays_in_charge(&mut transaction, &account).await?;
    accounts::delete(&mut *transaction, id).await?;
    let entry = Entry::by(identity, "user.delete", now)
        .vendor(account.vendor_id)
        .subject(id)
        .detail(json!({"email": account.email, "role": account.role}));
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("delete an account")?;
    reset::forget_sessions(state, id, None).await;
    Ok(())
}

async fn visible(
    connection: &mut PgConnection,
    identity: &Identity,
    id: Uuid,
) -> AppResult<ProfileRow> {
    let scope = scope(identity)?;
    credentials::profile(connection, id)
        .await?
        .filter(|account| scope.is_none() || account.vendor_id == scope)
        .ok_or_else(|| AppError::not_found("There is no such account."))
}

fn may_manage(identity: &Identity, role: Role) -> AppResult<()> {
    match (identity.session.role, role) {
        (Role::Admin, _) | (Role::Owner, Role::Staff) => Ok(()),
        _ => Err(AppError::forbidden(
            "Only administrators manage owners and administrators.",
        )),
    }
}

/// Refuses to lose the last one who could undo it.
async fn stays_in_charge(connection: &mut PgConnection, account: &ProfileRow) -> AppResult<()> {
    let last = account.role != Role::Staff
        && account.is_active
        && accounts::others_in_charge(connection, account).await? == 0;
    if last {
        return Err(AppError::conflict(
            "This is the last administrator, or the shop's last owner.",
        ));
    }
    Ok(())
}

/// As loose as a login needs: one @, something on both sides, no blanks.
fn check_address(text: &str) -> AppResult<()> {
    let sized = (3..=254).contains(&text.len());
    let clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let whole = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if sized && clean && whole {
        Ok(())
    } else {
        Err(AppError::invalid("email", "is not a mail address"))
    }
}

fn check_name(text: &str) -> AppResult<()> {
    if text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(AppError::invalid(
            "name",
            "must be one line of at most 200 characters",
        ));
    }
    Ok(())
}

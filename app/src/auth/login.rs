//! Checking who someone is, the same for programs and browsers: first a
//! password, then a code where the account has a second factor. Every attempt
//! is counted before it is looked at.

use crate::auth::password::{LONGEST, PasswordError};
use crate::auth::second_factor;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::credentials;
use crate::storage::users::{self, UserRow};
use axum::http::StatusCode;
use std::net::IpAddr;
use uuid::Uuid;

impl From<PasswordError> for AppError {
    fn from(error: PasswordError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The account that this name and password open. Unless it has a second factor,
/// that is all; then [`code`] follows.
///
/// # Errors
/// A problem for the client, which does not tell whether the account exists.
pub async fn password(
    state: &AppState,
    email: &str,
    password: String,
    from: IpAddr,
) -> AppResult<UserRow> {
    if email.is_empty() {
        return Err(AppError::invalid("email", "is missing"));
    }
    if password.is_empty() || password.len() > LONGEST {
        return Err(AppError::invalid("password", "is missing or too long"));
    }
    attempt(state, email, from).await?;
    let user = users::find_by_email(&state.pool, email).await?;
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let fit = state.auth.passwords.verify(password, stored).await?;
    match user {
        Some(user) if fit.fits && user.is_active => {
            if let Some(stronger) = fit.stronger {
                credentials::rehash(&state.pool, user.id, &user.password_hash, &stronger).await?;
            }
            state.auth.throttle.succeeded(email, from).await;
            Ok(user)
        }
        _ => {
            tracing::info!(%from, "a login failed");
            Err(AppError::unauthorized(
                "The address or the password is wrong.",
            ))
        }
    }
}

/// Checks the code of an account whose password was right.
///
/// # Errors
/// 401 when it does not fit or was used before, 429 after too many.
pub async fn code(
    state: &AppState,
    user: Uuid,
    email: &str,
    code: &str,
    from: IpAddr,
) -> AppResult<()> {
    attempt(state, email, from).await?;
    if second_factor::check(state, user, code).await? {
        state.auth.throttle.succeeded(email, from).await;
        return Ok(());
    }
    tracing::info!(%from, %user, "a second factor was wrong");
    Err(Problem::new(StatusCode::UNAUTHORIZED)
        .detail("The code is wrong or was used before.")
        .field("code", "is wrong or was used before")
        .into())
}

/// Whether someone who is logged in knows their password, before something that
/// a passer-by at the open screen must not do.
///
/// # Errors
/// 422 when they do not, 429 after too many guesses.
pub async fn again(
    state: &AppState,
    email: &str,
    password: String,
    from: IpAddr,
) -> AppResult<UserRow> {
    match self::password(state, email, password, from).await {
        Err(AppError::Problem(problem))
            if problem.status() == StatusCode::UNAUTHORIZED.as_u16() =>
        {
            Err(AppError::invalid("password", "is wrong"))
        }
        other => other,
    }
}

async fn attempt(state: &AppState, email: &str, from: IpAddr) -> AppResult<()> {
    state
        .auth
        .throttle
        .attempt(email, from)
        .await
        .map_err(|seconds| {
            Problem::new(StatusCode::TOO_MANY_REQUESTS)
                .detail("Too many failed logins; please wait.")
                .retry_after(seconds)
                .into()
        })
}

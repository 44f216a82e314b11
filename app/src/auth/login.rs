//! Checking a name and a password, the same for programs and browsers.

use crate::auth::password::PasswordError;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::users::{self, UserRow};
use axum::http::StatusCode;
use std::net::IpAddr;

/// Longer ones are refused before they cost a hash.
const LONGEST_PASSWORD: usize = 1024;

impl From<PasswordError> for AppError {
    fn from(error: PasswordError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The account that this name and password open.
///
/// # Errors
/// A problem for the client, which does not tell whether the account exists.
pub async fn login(
    state: &AppState,
    email: &str,
    password: String,
    from: IpAddr,
) -> AppResult<UserRow> {
    if email.is_empty() {
        return Err(AppError::invalid("email", "is missing"));
    }
    if password.is_empty() || password.len() > LONGEST_PASSWORD {
        return Err(AppError::invalid("password", "is missing or too long"));
    }
    if let Some(seconds) = state.auth.throttle.wait(email, from).await? {
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS)
            .detail("Too many failed logins; please wait.")
            .retry_after(seconds)
            .into());
    }
    let user = users::find_by_email(&state.pool, email).await?;
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let fits = state.auth.passwords.verify(password, stored).await?;
    match user {
        Some(user) if fits && user.is_active => {
            state.auth.throttle.succeeded(email, from).await?;
            Ok(user)
        }
        _ => {
            state.auth.throttle.failed(email, from).await?;
            tracing::info!(%from, "a login failed");
            Err(AppError::unauthorized(
                "The address or the password is wrong.",
            ))
        }
    }
}

//! `POST /admin/account/recovery-codes`: new ones; takes the password.

use super::second_factor_disable::PasswordOnly;
use super::show;
use crate::auth::identity::Identity;
use crate::auth::{login, second_factor};
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;

/// 200 with the page and the codes, this once.
///
/// # Errors
/// When the form is not this session's, or something needed is away.
pub async fn recovery_codes(
    identity: Identity,
    State(state): State<AppState>,
    FormBody(sent): FormBody<PasswordOnly>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let email = &identity.session.email;
    if let Err(error) = login::again(&state, email, sent.password, identity.address).await {
        return show::with_error(&state, identity, error).await;
    }
    match second_factor::regenerate(&state, &identity).await {
        Ok(codes) => show::with_codes(&state, identity, codes).await,
        Err(error) => show::with_error(&state, identity, error).await,
    }
}

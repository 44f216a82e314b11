//! `POST /admin/account/second-factor/confirm`: puts the secret in force.

use super::show;
use crate::auth::identity::Identity;
use crate::auth::second_factor;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

/// The form. It has no `Debug`: a code opens an account.
#[derive(Deserialize)]
pub struct CodeForm {
    csrf: String,
    code: String,
}

/// 200 with the page and the recovery codes, this once.
///
/// # Errors
/// When the form is not this session's, or something needed is away.
pub async fn second_factor_confirm(
    identity: Identity,
    State(state): State<AppState>,
    FormBody(sent): FormBody<CodeForm>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    match second_factor::confirm(&state, &identity, &sent.code).await {
        Ok(codes) => show::with_codes(&state, identity, codes).await,
        Err(error) => show::with_error(&state, identity, error).await,
    }
}

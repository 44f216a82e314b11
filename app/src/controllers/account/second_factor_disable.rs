//! `POST /admin/account/second-factor/disable`: removes it; takes the password.

use super::show;
use crate::auth::identity::Identity;
use crate::auth::{login, second_factor};
use crate::controllers::admin::see_other;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

/// The form. It has no `Debug`: it holds a password.
#[derive(Deserialize)]
pub struct PasswordOnly {
    pub(super) csrf: String,
    pub(super) password: String,
}

/// 303 to the page.
///
/// # Errors
/// When the form is not this session's, or something needed is away.
pub async fn second_factor_disable(
    identity: Identity,
    State(state): State<AppState>,
    FormBody(sent): FormBody<PasswordOnly>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let email = &identity.session.email;
    if let Err(error) = login::again(&state, email, sent.password, identity.address).await {
        return show::with_error(&state, identity, error).await;
    }
    second_factor::disable(&state, &identity).await?;
    Ok(see_other("/admin/account"))
}

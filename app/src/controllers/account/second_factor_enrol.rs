//! `POST /admin/account/second-factor`: a secret for one's phone.

use super::show;
use crate::auth::identity::Identity;
use crate::auth::second_factor;
use crate::controllers::admin::{Confirmed, see_other};
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;

/// 303 to the page, which shows the secret until it is confirmed.
///
/// # Errors
/// When the form is not this session's, or something needed is away.
pub async fn second_factor_enrol(
    identity: Identity,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    match second_factor::enrol(&state, &identity).await {
        Ok(_made) => Ok(see_other("/admin/account")),
        Err(error) => show::with_error(&state, identity, error).await,
    }
}

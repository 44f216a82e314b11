//! `POST /admin/account/password`: a new password for one's own account.

use super::show;
use crate::auth::identity::{Identity, Via};
use crate::auth::password_change;
use crate::controllers::admin::login::enter;
use crate::controllers::admin::see_other;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

/// The form. It has no `Debug`: it holds passwords.
#[derive(Deserialize)]
pub struct PasswordForm {
    csrf: String,
    current: String,
    password: String,
}

/// 303 with a new session: every one from before has ended.
///
/// # Errors
/// When the form is not this session's, or something needed is away.
pub async fn password(
    identity: Identity,
    State(state): State<AppState>,
    headers: HeaderMap,
    FormBody(sent): FormBody<PasswordForm>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    match password_change::change(&state, &identity, sent.current, sent.password).await {
        Ok(()) if identity.via == Via::Cookie => {
            enter(&state, identity.session.user_id, identity.address, &headers).await
        }
        Ok(()) => Ok(see_other("/admin/login")),
        Err(error) => show::with_error(&state, identity, error).await,
    }
}

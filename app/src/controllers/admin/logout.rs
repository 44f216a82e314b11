//! `POST /admin/logout`: ends the browser's session.

use super::{Confirmed, see_other, with_cookie};
use crate::auth::cookies;
use crate::auth::identity::Identity;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// 303 to the login form.
///
/// # Errors
/// When the form is not this session's, or Redis is away.
pub async fn logout(
    identity: Identity,
    State(state): State<AppState>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    if let Some(token) = cookies::get(&headers, cookies::SESSION) {
        state.auth.sessions.end(token).await?;
    }
    Ok(with_cookie(
        see_other("/admin/login"),
        cookies::clear(cookies::SESSION),
    ))
}

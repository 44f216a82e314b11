//! `POST /admin/login`: a cookie for an address and a password.

use super::{login_form, see_other, with_cookie};
use crate::auth::session::BROWSER_TTL;
use crate::auth::{cookies, login, refresh};
use crate::controllers::extract::{ClientAddress, FormBody, user_agent};
use crate::errors::{AppError, AppResult};
use crate::random;
use crate::state::AppState;
use crate::storage::users::Role;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// The form. It has no `Debug`: it holds a password.
#[derive(Deserialize)]
pub struct LoginForm {
    csrf: String,
    email: String,
    password: String,
}

/// 303 to the dashboard, or the form again with what was wrong.
///
/// # Errors
/// When what logins need is away.
pub async fn login(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    FormBody(sent): FormBody<LoginForm>,
) -> AppResult<Response> {
    // A site that logs people in as someone else must not succeed either.
    let ours = cookies::get(&headers, cookies::LOGIN)
        .is_some_and(|cookie| random::same(cookie, &sent.csrf));
    if !ours {
        let text = "This form was open for too long, or cookies are off. Please try again.";
        return login_form::render(StatusCode::FORBIDDEN, &sent.email, Some(text));
    }
    let user = match login::login(&state, &sent.email, sent.password, from).await {
        Ok(user) if user.role == Role::Admin => user,
        Ok(_) => {
            let text = "This account is not an administrator's.";
            return login_form::render(StatusCode::FORBIDDEN, &sent.email, Some(text));
        }
        Err(error @ AppError::Problem(_)) => {
            let status = error.into_response().status();
            let text = match status {
                StatusCode::TOO_MANY_REQUESTS => "Too many failed logins; please wait.",
                _ => "The address or the password is wrong.",
            };
            return login_form::render(status, &sent.email, Some(text));
        }
        Err(error) => return Err(error),
    };
    let agent = refresh::short(user_agent(&headers));
    let now = state.clock.now();
    let token = state
        .auth
        .sessions
        .begin(user.id, from.to_canonical().to_string(), agent, now)
        .await?;
    let response = with_cookie(see_other("/admin"), cookies::clear(cookies::LOGIN));
    Ok(with_cookie(
        response,
        cookies::set(cookies::SESSION, &token, BROWSER_TTL),
    ))
}

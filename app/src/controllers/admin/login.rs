//! `POST /admin/login`: a cookie for an address and a password, or the question
//! for a code.

use super::{login_form, see_other, with_cookie};
use crate::auth::half_way::{self, HalfWay};
use crate::auth::session::BROWSER_TTL;
use crate::auth::{cookies, login, refresh};
use crate::controllers::extract::{ClientAddress, FormBody, user_agent};
use crate::errors::{AppError, AppResult};
use crate::random;
use crate::state::AppState;
use crate::storage::credentials;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::net::IpAddr;
use uuid::Uuid;

/// The form. It has no `Debug`: it holds a password.
#[derive(Deserialize)]
pub struct LoginForm {
    csrf: String,
    email: String,
    password: String,
}

/// 303 to the dashboard or to the question for a code, or the form again with
/// what was wrong.
///
/// # Errors
/// When what logins need is away.
pub async fn login(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    FormBody(sent): FormBody<LoginForm>,
) -> AppResult<Response> {
    if !asked_for_by_this_browser(&headers, &sent.csrf) {
        let text = "This form was open for too long, or cookies are off. Please try again.";
        return login_form::render(StatusCode::FORBIDDEN, &sent.email, Some(text));
    }
    let user = match login::password(&state, &sent.email, sent.password, from).await {
        Ok(user) => user,
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
    if user.second_factor {
        let half_way = HalfWay {
            user_id: user.id,
            email: user.email,
            at: state.clock.now(),
        };
        let token = state.auth.half_ways.begin(&half_way).await?;
        return Ok(with_cookie(
            see_other("/admin/login/code"),
            cookies::set(cookies::HALF_WAY, &token, half_way::OPEN),
        ));
    }
    enter(&state, user.id, from, &headers).await
}

/// A site that logs people in as someone else must not succeed either.
pub(in crate::controllers) fn asked_for_by_this_browser(headers: &HeaderMap, csrf: &str) -> bool {
    cookies::get(headers, cookies::LOGIN).is_some_and(|cookie| random::same(cookie, csrf))
}

/// Begins a session and shows the dashboard.
pub(in crate::controllers) async fn enter(
    state: &AppState,
    user: Uuid,
    from: IpAddr,
    headers: &HeaderMap,
) -> AppResult<Response> {
    let now = state.clock.now();
    let agent = refresh::short(user_agent(headers));
    let address = from.to_canonical().to_string();
    let token = state.auth.sessions.begin(user, address, agent, now).await?;
    credentials::logged_in(&state.pool, user, now).await?;
    let response = with_cookie(see_other("/admin"), cookies::clear(cookies::LOGIN));
    let response = with_cookie(response, cookies::clear(cookies::HALF_WAY));
    Ok(with_cookie(
        response,
        cookies::set(cookies::SESSION, &token, BROWSER_TTL),
    ))
}

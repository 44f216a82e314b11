//! `GET /admin/login/code`: asks for the code of the second factor.

use super::{page, see_other, with_cookie};
use crate::auth::cookies;
use crate::auth::half_way::{self, HalfWay};
use crate::errors::AppResult;
use crate::random;
use crate::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

#[derive(Template)]
#[template(path = "login_code.html")]
struct Page<'a> {
    csrf: &'a str,
    error: Option<&'a str>,
}

/// 200 with the form, or 303 to the first one when no password came before.
///
/// # Errors
/// When Redis is away.
pub async fn code_form(State(state): State<AppState>, headers: HeaderMap) -> AppResult<Response> {
    match half_way(&state, &headers).await? {
        Some(_) => render(StatusCode::OK, None),
        None => Ok(see_other("/admin/login")),
    }
}

/// Whose password this browser has sent.
pub(super) async fn half_way(state: &AppState, headers: &HeaderMap) -> AppResult<Option<HalfWay>> {
    match cookies::get(headers, cookies::HALF_WAY) {
        Some(token) => Ok(state.auth.half_ways.find(token).await?),
        None => Ok(None),
    }
}

/// The form, with what was wrong.
pub(super) fn render(status: StatusCode, error: Option<&str>) -> AppResult<Response> {
    let csrf = random::token()?;
    let form = Page { csrf: &csrf, error };
    Ok(with_cookie(
        page(status, &form)?,
        cookies::set(cookies::LOGIN, &csrf, half_way::OPEN),
    ))
}

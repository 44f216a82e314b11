//! `GET /admin/login`: the form.

use super::{page, with_cookie};
use crate::auth::cookies;
use crate::errors::AppResult;
use crate::random;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use std::time::Duration;

/// How long the form may stay open.
const OPEN: Duration = Duration::from_secs(3600);

#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    csrf: &'a str,
    email: &'a str,
    error: Option<&'a str>,
}

/// 200 with an empty form.
///
/// # Errors
/// When the page cannot be made.
pub async fn login_form() -> AppResult<Response> {
    render(StatusCode::OK, "", None)
}

/// The form, with what was typed and what was wrong with it.
pub(super) fn render(status: StatusCode, email: &str, error: Option<&str>) -> AppResult<Response> {
    let csrf = random::token()?;
    let form = Page {
        csrf: &csrf,
        email,
        error,
    };
    let response = page(status, &form)?;
    Ok(with_cookie(
        response,
        cookies::set(cookies::LOGIN, &csrf, OPEN),
    ))
}

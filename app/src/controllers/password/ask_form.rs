//! `GET /admin/password`: asks for the address of a forgotten password.

use crate::auth::cookies;
use crate::controllers::admin::{page, with_cookie};
use crate::errors::AppResult;
use crate::random;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use std::time::Duration;

/// How long the form may stay open.
const OPEN: Duration = Duration::from_secs(3600);

#[derive(Template)]
#[template(path = "password_ask.html")]
struct Page<'a> {
    csrf: &'a str,
    sent: bool,
    error: Option<&'a str>,
}

/// 200 with the form.
///
/// # Errors
/// When the page cannot be made.
pub async fn ask_form() -> AppResult<Response> {
    render(StatusCode::OK, false, None)
}

/// The form, with what became of it.
pub(super) fn render(status: StatusCode, sent: bool, error: Option<&str>) -> AppResult<Response> {
    let csrf = random::token()?;
    let form = Page {
        csrf: &csrf,
        sent,
        error,
    };
    Ok(with_cookie(
        page(status, &form)?,
        cookies::set(cookies::LOGIN, &csrf, OPEN),
    ))
}

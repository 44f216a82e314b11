//! `GET /admin/password/{token}`: asks for a new password.

use crate::auth::cookies;
use crate::controllers::admin::{page, with_cookie};
use crate::errors::AppResult;
use crate::random;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use std::time::Duration;

/// How long the form may stay open.
const OPEN: Duration = Duration::from_secs(3600);

#[derive(Template)]
#[template(path = "password_set.html")]
struct Page<'a> {
    csrf: &'a str,
    error: Option<&'a str>,
}

/// 200 with the form. Whether the link still works is seen when it is sent:
/// programs that look at links in mails use nothing up.
///
/// # Errors
/// When the page cannot be made.
pub async fn set_form() -> AppResult<Response> {
    render(StatusCode::OK, None)
}

/// The form, with what was wrong. It is sent to the address it came from.
pub(super) fn render(status: StatusCode, error: Option<&str>) -> AppResult<Response> {
    let csrf = random::token()?;
    let form = Page { csrf: &csrf, error };
    let mut response = page(status, &form)?;
    // The address is a secret.
    response.headers_mut().insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    Ok(with_cookie(
        response,
        cookies::set(cookies::LOGIN, &csrf, OPEN),
    ))
}

//! The way to the payment provider's pages. Browsers hold the policy for forms
//! (`form-action`) against redirects that answer one, too, and a provider may
//! use a domain of the platform's own; so a page with a link answers, and asks
//! the browser to go on by itself.

use crate::auth::identity::Identity;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::errors::{AppError, AppResult};
use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

const REFRESH: HeaderName = HeaderName::from_static("refresh");

#[derive(Template)]
#[template(path = "admin/leave.html")]
struct Page<'a> {
    frame: Frame,
    url: &'a str,
}

/// 200 with the way there.
///
/// # Errors
/// When what the provider gave is no address of a web page.
pub fn to(identity: Identity, url: &str) -> AppResult<Response> {
    let wrong = || AppError::Internal(format!("the payment provider's page is at {url:?}"));
    let web = url.starts_with("https://") || url.starts_with("http://");
    let refresh = HeaderValue::from_str(&format!("0;url={url}")).ok();
    let refresh = refresh.filter(|_| web).ok_or_else(wrong)?;
    let frame = Frame::new(identity, "/admin/billing");
    let mut response = page(StatusCode::OK, &Page { frame, url })?;
    response.headers_mut().insert(REFRESH, refresh);
    Ok(response)
}

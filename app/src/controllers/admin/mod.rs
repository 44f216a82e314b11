//! The back office: pages for administrators, made on the server, working
//! without scripts.

pub mod code;
pub mod code_form;
pub mod dashboard;
pub mod demo_mail;
pub mod frame;
pub mod jobs;
pub mod login;
pub mod login_form;
pub mod logout;
pub mod mail;
pub mod vendor;

use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

/// The pages of the back office.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin", get(dashboard::dashboard))
        .route(
            "/admin/login",
            get(login_form::login_form).post(login::login),
        )
        .route(
            "/admin/login/code",
            get(code_form::code_form).post(code::code),
        )
        .route("/admin/vendor", post(vendor::vendor))
        .route("/admin/logout", post(logout::logout))
        .route("/admin/jobs/demo-mail", post(demo_mail::demo_mail))
        .merge(jobs::routes())
        .merge(mail::routes())
}

/// A form that carries nothing but its proof of origin.
#[derive(Debug, Deserialize)]
pub struct Confirmed {
    pub(in crate::controllers) csrf: String,
}

/// A page that no cache keeps.
pub(in crate::controllers) fn page(
    status: StatusCode,
    template: &impl Template,
) -> AppResult<Response> {
    let html = template
        .render()
        .map_err(|error| AppError::Internal(error.to_string()))?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

/// "Go there", after a form was taken.
pub(in crate::controllers) fn see_other(path: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

pub(in crate::controllers) fn with_cookie(
    mut response: Response,
    cookie: Option<HeaderValue>,
) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

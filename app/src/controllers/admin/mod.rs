//! The back office: pages for administrators, made on the server, working
//! without scripts.

pub mod access;
pub mod billing;
pub mod code;
pub mod code_form;
pub mod confirm;
pub mod credit_notes;
pub mod customers;
pub mod dashboard;
pub mod demo_mail;
pub mod flags;
pub mod frame;
pub mod imports;
pub mod invoices;
pub mod jobs;
pub mod login;
pub mod login_form;
pub mod logout;
pub mod mail;
pub mod orders;
pub mod products;
pub mod reports;
pub mod settings;
pub mod users;
pub mod vendor;
pub mod vendors;

use crate::domain::ids::VendorId;
use crate::domain::money::{Currency, UnknownCurrency};
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use crate::storage::vendors as vendor_rows;
use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

/// The pages of the back office.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .merge(billing::routes())
        .merge(credit_notes::routes())
        .merge(customers::routes())
        .merge(flags::routes())
        .merge(imports::routes())
        .merge(invoices::routes())
        .merge(orders::routes())
        .merge(products::routes())
        .merge(reports::routes())
        .merge(settings::routes())
        .merge(users::routes())
        .merge(vendors::routes())
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
    let html = rendered(template)?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

/// A template's HTML.
pub(in crate::controllers) fn rendered(template: &impl Template) -> AppResult<String> {
    let html = template.render();
    html.map_err(|error| AppError::Internal(error.to_string()))
}

/// What a shop's prices are in.
async fn vendor_currency(state: &AppState, vendor: VendorId) -> AppResult<Currency> {
    let row = vendor_rows::find(&state.pool, vendor).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such shop."))?;
    let currency = row.currency.parse();
    currency.map_err(|error: UnknownCurrency| AppError::Internal(error.to_string()))
}

/// "Go there", after a form was taken.
pub(in crate::controllers) fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response()
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

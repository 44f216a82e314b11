//! The endpoints, as `noun/verb.rs`: one endpoint a file. A handler checks who
//! asks, calls storage or the queue, and shapes the answer; it holds no SQL
//! and no rules. [`router`] is the whole map.

pub mod admin;
pub mod assets;
pub mod auth;
pub mod extract;
pub mod health;
pub mod home;
pub mod jobs;

use crate::edge::limits::Limits;
use crate::errors::{AppError, Problem};
use crate::middleware::{deadline, panics, request_id, security_headers};
use crate::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// Every endpoint, with what applies to all of them.
pub fn router(state: AppState, limits: &Limits) -> Router {
    Router::new()
        .route("/", get(home::show::show))
        .route("/health", get(health::live::live))
        .route("/ready", get(health::ready::ready))
        .route("/version", get(health::version::version))
        .route("/assets/{name}", get(assets::show::show))
        .route("/admin", get(admin::dashboard::dashboard))
        .route(
            "/admin/login",
            get(admin::login_form::login_form).post(admin::login::login),
        )
        .route("/admin/logout", post(admin::logout::logout))
        .route("/admin/jobs/demo-mail", post(admin::demo_mail::demo_mail))
        .route("/api/v1/auth/login", post(auth::login::login))
        .route(
            "/api/v1/jobs",
            get(jobs::list::list).post(jobs::create::create),
        )
        .route("/api/v1/jobs/{id}", get(jobs::show::show))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
        .layer(DefaultBodyLimit::max(limits.body_bytes))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(limits.request, deadline::apply))
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(from_fn(security_headers::apply))
        .layer(from_fn(request_id::apply))
}

async fn not_found() -> AppError {
    AppError::not_found("There is nothing at this address.")
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED).detail("This address does not take that method.")
}

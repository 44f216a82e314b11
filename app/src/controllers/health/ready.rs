//! `GET /ready`: is everything fit to serve, and if not, what?

use crate::health::Readiness;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// 200 when every check went well, else 503; each with its finding.
pub async fn ready(State(state): State<AppState>) -> Response {
    let report = state.health.report().await;
    let status = match report.status {
        Readiness::Ready => StatusCode::OK,
        Readiness::NotReady => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}

//! `GET /health`: does the process answer, and reach what it needs?

use crate::health::CheckStatus;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// 200 after a real query and a real ping, else 503.
pub async fn live(State(state): State<AppState>) -> Response {
    let (database, redis) = state.health.dependencies().await;
    let well = database == CheckStatus::Ok && redis == CheckStatus::Ok;
    let status = if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "status": if well { "healthy" } else { "unhealthy" },
        "database": database,
        "redis": redis,
    });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

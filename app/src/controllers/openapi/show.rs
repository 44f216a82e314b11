//! `GET /api/v1/openapi.json`: the description, for programs.

use super::description;
use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;

/// 200 with the description.
pub async fn show() -> impl IntoResponse {
    let headers = [(header::CACHE_CONTROL, "public, max-age=300")];
    (headers, Json(description()))
}

//! `GET /assets/{name}`: one file.

use super::Asset;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult};
use axum::http::HeaderMap;
use axum::response::Response;

/// 200 with the file, 304 when the client has it, or 404 for a name that is
/// not current.
///
/// # Errors
/// As problem documents.
pub async fn show(PathOf(name): PathOf<String>, headers: HeaderMap) -> AppResult<Response> {
    // The first one waits for all to be packed.
    let packed =
        tokio::task::spawn_blocking(move || Asset::packed(&name).map(|p| p.answer(&headers)))
            .await
            .map_err(|error| AppError::Internal(format!("cannot pack the assets: {error}")))?;
    packed.ok_or_else(|| AppError::not_found("There is no such file (any more)."))
}

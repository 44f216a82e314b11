//! `GET /assets/{name}`: one file.

use super::Asset;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult};
use axum::http::header;
use axum::response::IntoResponse;

/// 200 with the file, or 404 for a name that is not current.
///
/// # Errors
/// As problem documents.
pub async fn show(PathOf(name): PathOf<String>) -> AppResult<impl IntoResponse> {
    let asset = Asset::named(&name)
        .ok_or_else(|| AppError::not_found("There is no such file (any more)."))?;
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content))
}

//! `GET /static/{path}`: one file.

use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::response::Response;

/// 200 or 206 with the file, 304 when the client has it, or 404.
///
/// # Errors
/// As problem documents.
pub async fn show(State(state): State<AppState>, request: Request) -> AppResult<Response> {
    // The path as it was sent: it is decoded once, where it is checked.
    let path = request.uri().path();
    let name = path.strip_prefix("/static/").unwrap_or(path).to_owned();
    state.services.statics.clone().serve(name, request).await
}

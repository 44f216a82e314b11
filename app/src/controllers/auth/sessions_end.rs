//! `DELETE /api/v1/auth/sessions/{id}`: logs one program or browser out.

use crate::auth::identity::Identity;
use crate::auth::logins;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

/// 204, 401, or 404 when the account has no such session.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sessions/{id}",
    tag = "auth",
    params(("id" = Uuid, Path, description = "The session's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "Not logged in", body = Problem),
        (status = 404, description = "No such session", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn sessions_end(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<StatusCode> {
    logins::end(&state, &identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

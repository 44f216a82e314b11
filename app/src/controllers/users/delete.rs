//! `DELETE /api/v1/users/{id}`: removes an account.

use crate::auth::accounts;
use crate::auth::identity::Identity;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

/// 204. What the account did stays in the audit log.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}",
    tag = "users",
    params(("id" = Uuid, Path, description = "The account's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not yours to remove", body = Problem),
        (status = 404, description = "No such account", body = Problem),
        (status = 409, description = "The last one in charge", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn delete_user(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<StatusCode> {
    accounts::delete(&state, &identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

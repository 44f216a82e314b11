//! `PUT /api/v1/flags/{name}`: switches a flag, for everybody, for a plan or
//! for one vendor.

use crate::auth::identity::Admin;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::errors::{AppResult, Problem};
use crate::flags::change::{self, Setting};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;

/// 204.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    put,
    path = "/api/v1/flags/{name}",
    tag = "flags",
    operation_id = "set_flag",
    params(("name" = String, Path, description = "Small letters, digits and underscores")),
    request_body = Setting,
    responses(
        (status = 204, description = "It is set, and seen everywhere"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 404, description = "There is no such flag", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn set(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
    JsonBody(setting): JsonBody<Setting>,
) -> AppResult<StatusCode> {
    change::set(&state.services, &identity, &name, &setting).await?;
    Ok(StatusCode::NO_CONTENT)
}

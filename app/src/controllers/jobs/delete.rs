//! `DELETE /api/v1/jobs/{id}`: removes a job that does not run.

use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::queue::control;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

/// 204, 404, or 409 when it runs.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    delete,
    path = "/api/v1/jobs/{id}",
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 404, description = "There is no such job", body = Problem),
        (status = 409, description = "It runs", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn delete(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<StatusCode> {
    let entry = Entry::by(&identity, "job.delete", state.clock.now());
    control::delete(&state.pool, id, entry).await?;
    Ok(StatusCode::NO_CONTENT)
}

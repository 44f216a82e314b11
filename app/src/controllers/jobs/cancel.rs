//! `POST /api/v1/jobs/{id}/cancel`: ends a job that waits or runs.

use super::JobView;
use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::queue::control;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// 200 with the job as it stands now, 404, or 409 when it has ended.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/jobs/{id}/cancel",
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "The job", body = JobView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 404, description = "There is no such job", body = Problem),
        (status = 409, description = "Its state does not allow it", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn cancel(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<JobView>> {
    let now = state.clock.now();
    let entry = Entry::by(&identity, "job.cancel", now);
    let row = control::cancel(&state.pool, &state.cache, id, now, entry).await?;
    Ok(Json(row.into()))
}

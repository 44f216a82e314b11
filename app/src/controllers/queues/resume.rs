//! `POST /api/v1/queues/{name}/resume`: workers serve the queue again.

use super::named;
use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::queue::control;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;

/// 204, also when it was not paused.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/queues/{name}/resume",
    tag = "jobs",
    params(("name" = String, Path, description = "The queue")),
    responses(
        (status = 204, description = "It is not paused"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 404, description = "There is no such queue", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn resume(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
) -> AppResult<StatusCode> {
    let queue = named(&name)?;
    let now = state.clock.now();
    let entry = Entry::by(&identity, "queue.resume", now);
    control::resume(&state.pool, queue, entry).await?;
    Ok(StatusCode::NO_CONTENT)
}

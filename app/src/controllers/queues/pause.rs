//! `POST /api/v1/queues/{name}/pause`: workers leave the queue alone.

use super::named;
use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::queue::control;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;

/// 204, also when it was paused before. What runs is finished.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/queues/{name}/pause",
    tag = "jobs",
    params(("name" = String, Path, description = "The queue")),
    responses(
        (status = 204, description = "It is paused"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 404, description = "There is no such queue", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn pause(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
) -> AppResult<StatusCode> {
    let queue = named(&name)?;
    let now = state.clock.now();
    let entry = Entry::by(&identity, "queue.pause", now);
    control::pause(&state.pool, queue, now, &identity.session.email, entry).await?;
    Ok(StatusCode::NO_CONTENT)
}

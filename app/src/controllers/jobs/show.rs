//! `GET /api/v1/jobs/{id}`: one job, with how far it is and what it left.

use super::{JobView, visible_to};
use crate::auth::identity::Identity;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::queue::feedback;
use crate::state::AppState;
use crate::storage::jobs;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// 200 with the job, or 404. A vendor's users see the vendor's jobs only.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}",
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "The job", body = JobView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "The account belongs to no vendor", body = Problem),
        (status = 404, description = "There is no such job", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn show(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<JobView>> {
    let vendor = visible_to(&identity)?;
    let row = jobs::find(&state.pool, id)
        .await?
        .filter(|row| vendor.is_none() || row.vendor_id == vendor)
        .ok_or_else(|| AppError::not_found("There is no such job (any more)."))?;
    let known = feedback::read(&state.services, id).await;
    Ok(Json(JobView::from(row).with(known)))
}

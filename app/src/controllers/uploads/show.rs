//! `GET /api/v1/uploads/{id}`: what is known of one file.

use super::UploadView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::uploads;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// 200 with the file, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}",
    tag = "uploads",
    params(("id" = Uuid, Path, description = "The file")),
    responses(
        (status = 200, description = "The file", body = UploadView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such file", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn show(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<UploadView>> {
    let row = uploads::find(&state.pool, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such file."))?;
    Ok(Json(row.into()))
}

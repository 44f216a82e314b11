//! `GET /api/v1/reports/{id}`: one report.

use super::ReportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::reports;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// 200 with the report, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/reports/{id}",
    tag = "reports",
    params(("id" = Uuid, Path, description = "The report")),
    responses(
        (status = 200, description = "The report", body = ReportView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such report", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn show(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<ReportView>> {
    let row = reports::find(&state.pool, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such report."))?;
    Ok(Json(row.into()))
}

//! `GET /api/v1/imports/{id}`: one import, with how far it is.

use super::ImportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::imports;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// 200 with the import, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/imports/{id}",
    tag = "imports",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import", body = ImportView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such import", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn show(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<ImportView>> {
    let row = imports::find(&state.pool, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such import."))?;
    Ok(Json(row.into()))
}

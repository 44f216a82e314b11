//! `POST /api/v1/imports/{id}/cancel`: ends an import. What is written stays.

use super::ImportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::imports::request;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// 200 with the import, 404, or 409 when it has ended by itself.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/imports/{id}/cancel",
    tag = "imports",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import, cancelled", body = ImportView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such import", body = Problem),
        (status = 409, description = "It has ended already", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn cancel(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<ImportView>> {
    let row = request::cancel(&state.services, &tenant, id).await?;
    Ok(Json(row.into()))
}

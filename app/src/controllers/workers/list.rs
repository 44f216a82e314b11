//! `GET /api/v1/workers`: every worker that is known, with what it runs.

use crate::auth::identity::Admin;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::workers::{self, WorkerRow};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkerList)]
pub struct Listed {
    items: Vec<WorkerRow>,
}

/// 200 with every worker that is known, with what it runs.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/workers",
    tag = "jobs",
    responses(
        (status = 200, description = "Every worker that is known, with what it runs", body = Listed),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(_admin: Admin, State(state): State<AppState>) -> AppResult<Json<Listed>> {
    let items = workers::list(&state.pool).await?;
    Ok(Json(Listed { items }))
}

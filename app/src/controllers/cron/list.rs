//! `GET /api/v1/cron`: every periodic job.

use crate::auth::identity::Admin;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::cron::{self, CronRow};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeriodicJobList)]
pub struct Listed {
    items: Vec<CronRow>,
}

/// 200 with every periodic job.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/cron",
    tag = "jobs",
    responses(
        (status = 200, description = "Every periodic job", body = Listed),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(_admin: Admin, State(state): State<AppState>) -> AppResult<Json<Listed>> {
    let items = cron::list(&state.pool).await?;
    Ok(Json(Listed { items }))
}

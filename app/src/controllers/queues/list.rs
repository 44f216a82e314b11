//! `GET /api/v1/queues`: how every queue stands.

use super::all;
use crate::auth::identity::Admin;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::queues::QueueRow;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueList)]
pub struct Listed {
    items: Vec<QueueRow>,
}

/// 200 with every queue.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/queues",
    tag = "jobs",
    responses(
        (status = 200, description = "Every queue", body = Listed),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(_admin: Admin, State(state): State<AppState>) -> AppResult<Json<Listed>> {
    let items = all(&state).await?;
    Ok(Json(Listed { items }))
}

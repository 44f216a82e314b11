//! `GET /api/v1/plans`: the plans on offer.

use crate::errors::AppResult;
use crate::state::AppState;
use crate::storage::plans::{self, PlanRow};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanList)]
pub struct Listed {
    items: Vec<PlanRow>,
}

/// 200 with all plans, the smallest first.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/plans",
    tag = "plans",
    operation_id = "list_plans",
    responses((status = 200, description = "Plans", body = Listed)),
    security(()),
)]
pub async fn list(State(state): State<AppState>) -> AppResult<impl IntoResponse> {
    let items = plans::list(&state.pool).await?;
    let headers = [(header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, Json(Listed { items })))
}

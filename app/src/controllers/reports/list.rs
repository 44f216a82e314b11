//! `GET /api/v1/reports?limit=`: the vendor's newest reports.

use super::ReportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::QueryOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::reports;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// What may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportFilter {
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportPage {
    items: Vec<ReportView>,
}

/// 200 with up to `limit` reports, newest first.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/reports",
    tag = "reports",
    params(ReportFilter),
    responses(
        (status = 200, description = "Reports, newest first", body = ReportPage),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    tenant: Tenant,
    State(state): State<AppState>,
    QueryOf(filter): QueryOf<ReportFilter>,
) -> AppResult<Json<ReportPage>> {
    let limit = filter.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("must be from 1 to {MOST}");
        return Err(AppError::invalid("limit", detail));
    }
    let rows = reports::list(&state.pool, tenant.vendor, limit).await?;
    let items = rows.into_iter().map(ReportView::from).collect();
    Ok(Json(ReportPage { items }))
}

//! `POST /api/v1/reports`: asks for a sales report.

use super::ReportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::reports::request;
use crate::reports::sales::ReportFormat;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReportBody {
    format: ReportFormat,
    /// The first day, such as 2026-01-31, in the time zone of the box.
    from: String,
    /// The last day.
    to: String,
}

/// 202 with the report, 401 or 422.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/reports",
    tag = "reports",
    request_body = NewReportBody,
    responses(
        (status = 202, description = "The report, which waits for a worker", body = ReportView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    tenant: Tenant,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<NewReportBody>,
) -> AppResult<impl IntoResponse> {
    let row = request::request(&state.services, &tenant, sent.format, &sent.from, &sent.to).await?;
    let location = format!("/api/v1/reports/{}", row.id);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(ReportView::from(row)),
    ))
}

//! `POST /api/v1/reports`: asks for a sales report.

use super::ReportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppError, AppResult, Problem};
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::sales_report::{ATTEMPTS, SalesReport};
use crate::reports::sales::ReportFormat;
use crate::state::AppState;
use crate::storage::Doing;
use crate::storage::reports::{self, NewReport};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use time::Date;
use utoipa::ToSchema;

/// The longest report: three years and a bit.
const MOST_DAYS: i64 = 1_100;

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
    let (from, to) = (day("from", &sent.from)?, day("to", &sent.to)?);
    let days = (to - from).whole_days();
    if !(0..MOST_DAYS).contains(&days) {
        let detail = format!("must not be before from, nor {MOST_DAYS} days after it");
        return Err(AppError::invalid("to", detail));
    }
    let (vendor, now) = (tenant.vendor, state.clock.now());
    let new = NewReport {
        vendor,
        format: sent.format.as_str(),
        from,
        to,
        requested_by: tenant.identity.session.user_id,
    };
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let report = reports::insert(&mut *transaction, &new, now).await?.id;
    let job = NewJob::of(&SalesReport { vendor, report })?
        .vendor(vendor)
        .max_attempts(ATTEMPTS);
    let job = enqueue(&mut transaction, &job, now).await?.into_row();
    let row = reports::set_job(&mut *transaction, vendor, report, job.id).await?;
    transaction.commit().await.doing("commit the new report")?;
    let location = format!("/api/v1/reports/{report}");
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(ReportView::from(row)),
    ))
}

fn day(field: &str, text: &str) -> AppResult<Date> {
    let form = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, form)
        .ok()
        .filter(|date| (1970..=9000).contains(&date.year()))
        .ok_or_else(|| AppError::invalid(field, "must be a day such as 2026-01-31"))
}

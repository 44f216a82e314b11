//! `GET /api/v1/reports/{id}/download`: the file of a report.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::files::FileError;
use crate::reports::sales::content_type;
use crate::state::AppState;
use crate::storage::reports;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

/// 200 with the file, 404, or 409 while there is none.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/reports/{id}/download",
    tag = "reports",
    params(("id" = Uuid, Path, description = "The report")),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such report, or its file is gone", body = Problem),
        (status = 409, description = "It is not made yet, or by a newer release", body = Problem),
        (status = 503, description = "The file store is away", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn download(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Response> {
    let row = reports::find(&state.pool, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such report."))?;
    if !row.is_known() {
        let detail = "A newer release made this report, in a way that this one does not know.";
        return Err(AppError::conflict(detail));
    }
    let key = row.key().map_err(FileError::from)?;
    let Some(key) = key else {
        let detail = format!("This report has no file; it is {}.", row.state);
        return Err(Problem::new(StatusCode::CONFLICT).detail(detail).into());
    };
    let store = state.services.files.of_report(row.store)?;
    let file = store.open(&key, None).await?;
    let name = format!("sales-{}-{}.{}", row.from_date, row.to_date, row.format);
    let headers = [
        (header::CONTENT_TYPE, content_type(&row.format).to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (
            header::CONTENT_LENGTH,
            row.size_bytes.unwrap_or_default().to_string(),
        ),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(file)).into_response())
}

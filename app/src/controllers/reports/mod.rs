//! Reports: asked for, made in the background, fetched.

pub mod create;
pub mod download;
pub mod list;
pub mod show;

use crate::state::AppState;
use crate::storage::reports::ReportRow;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// What is done with reports.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show))
        .routes(routes!(download::download))
}

/// A report as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    id: Uuid,
    /// sales.
    kind: String,
    /// csv or xlsx.
    format: String,
    /// The first day, such as 2026-01-31.
    from: String,
    /// The last day.
    to: String,
    /// queued, running, done or failed.
    state: String,
    job_id: Option<Uuid>,
    size_bytes: Option<i64>,
    error: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

impl From<ReportRow> for ReportView {
    fn from(row: ReportRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            format: row.format,
            from: row.from_date.to_string(),
            to: row.to_date.to_string(),
            state: row.state,
            job_id: row.job_id,
            size_bytes: row.size_bytes,
            error: row.error,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

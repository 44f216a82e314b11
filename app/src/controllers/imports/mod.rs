//! Imports of products and orders.

pub mod cancel;
pub mod create;
pub mod errors;
pub mod list;
pub mod show;

use crate::state::AppState;
use crate::storage::imports::{ImportKind, ImportRow};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// What is done with imports.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show))
        .routes(routes!(errors::errors))
        .routes(routes!(cancel::cancel))
}

/// An import as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    id: Uuid,
    kind: ImportKind,
    source_url: String,
    /// queued, running, done, failed or cancelled.
    state: String,
    job_id: Option<Uuid>,
    /// The last row of the feed, or the number of orders, that is done with.
    position: i64,
    /// How long the source says it is.
    total_bytes: Option<i64>,
    read_bytes: i64,
    created_rows: i64,
    updated_rows: i64,
    same_rows: i64,
    failed_rows: i64,
    /// Why it failed, or what it waits for.
    error: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

impl From<ImportRow> for ImportView {
    fn from(row: ImportRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            source_url: row.source_url,
            state: row.state,
            job_id: row.job_id,
            position: row.position,
            total_bytes: row.total_bytes,
            read_bytes: row.read_bytes,
            created_rows: row.created_rows,
            updated_rows: row.updated_rows,
            same_rows: row.same_rows,
            failed_rows: row.failed_rows,
            error: row.error,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

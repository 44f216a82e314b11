//! `GET /api/v1/uploads`: a vendor's files, newest first.

use super::UploadView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::QueryOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::uploads;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// At most this many, 1 to 200.
    #[serde(default = "usual")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: i64,
    /// `next_cursor` of the page before.
    cursor: Option<Uuid>,
}

const fn usual() -> i64 {
    50
}

/// A page of files.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadPage {
    items: Vec<UploadView>,
    /// What to send as `cursor` for the next page; none on the last one.
    next_cursor: Option<Uuid>,
}

/// 200 with a page, or 422.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/uploads",
    tag = "uploads",
    params(Page),
    responses(
        (status = 200, description = "The files", body = UploadPage),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    tenant: Tenant,
    State(state): State<AppState>,
    QueryOf(page): QueryOf<Page>,
) -> AppResult<Json<UploadPage>> {
    if !(1..=200).contains(&page.limit) {
        return Err(AppError::invalid("limit", "must be from 1 to 200"));
    }
    // One more shows whether there is a next page.
    let limit = page.limit + 1;
    let mut rows = uploads::list(&state.pool, tenant.vendor, page.cursor, limit).await?;
    let whole = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > whole;
    rows.truncate(whole);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id);
    Ok(Json(UploadPage {
        items: rows.into_iter().map(UploadView::from).collect(),
        next_cursor,
    }))
}

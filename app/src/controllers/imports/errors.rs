//! `GET /api/v1/imports/{id}/errors?after=&limit=`: what was wrong with which
//! row.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::{PathOf, QueryOf};
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::imports::{self, MOST_ERRORS, RowError};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const USUAL: i64 = 100;

/// What may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ErrorFilter {
    /// Rows after this one only.
    after: Option<i64>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportErrors {
    /// Rows that were not imported. Of more than a thousand errors the first
    /// thousand are kept.
    failed_rows: i64,
    items: Vec<RowError>,
}

/// 200 with errors in the order of their rows, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/imports/{id}/errors",
    tag = "imports",
    params(("id" = Uuid, Path, description = "The import"), ErrorFilter),
    responses(
        (status = 200, description = "Errors, by row", body = ImportErrors),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such import", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn errors(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
    QueryOf(filter): QueryOf<ErrorFilter>,
) -> AppResult<Json<ImportErrors>> {
    let limit = filter.limit.unwrap_or(USUAL);
    if !(1..=MOST_ERRORS).contains(&limit) {
        let detail = format!("must be from 1 to {MOST_ERRORS}");
        return Err(AppError::invalid("limit", detail));
    }
    let import = imports::find(&state.pool, tenant.vendor, id).await?;
    let import = import.ok_or_else(|| AppError::not_found("There is no such import."))?;
    let after = filter.after.unwrap_or(0);
    let items = imports::errors(&state.pool, tenant.vendor, id, after, limit).await?;
    Ok(Json(ImportErrors {
        failed_rows: import.failed_rows,
        items,
    }))
}

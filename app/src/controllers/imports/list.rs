//! `GET /api/v1/imports?kind=&limit=`: the vendor's newest imports.

use super::ImportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::QueryOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::imports::{self, ImportKind};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// What may be asked for; an empty value asks for all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportFilter {
    kind: Option<String>,
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportPage {
    items: Vec<ImportView>,
}

/// 200 with up to `limit` imports, newest first.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/imports",
    tag = "imports",
    params(ImportFilter),
    responses(
        (status = 200, description = "Imports, newest first", body = ImportPage),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    tenant: Tenant,
    State(state): State<AppState>,
    QueryOf(filter): QueryOf<ImportFilter>,
) -> AppResult<Json<ImportPage>> {
    let kind = filter
        .kind
        .filter(|text| !text.is_empty())
        .map(|text| text.parse::<ImportKind>())
        .transpose()
        .map_err(|error| AppError::invalid("kind", error.to_string()))?;
    let limit = filter.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("must be from 1 to {MOST}");
        return Err(AppError::invalid("limit", detail));
    }
    let rows = imports::list(&state.pool, tenant.vendor, kind, limit).await?;
    let items = rows.into_iter().map(ImportView::from).collect();
    Ok(Json(ImportPage { items }))
}

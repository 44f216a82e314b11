//! `POST /api/v1/imports`: starts an import.

use super::ImportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::imports::request;
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
pub struct NewImportBody {
    /// products or orders.
    kind: String,
    /// Where the feed or the interface is.
    source_url: String,
}

/// 202 with the import, 401, 403, 409 or 422.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/imports",
    tag = "imports",
    request_body = NewImportBody,
    responses(
        (status = 202, description = "The import, which waits for a worker", body = ImportView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not allowed", body = Problem),
        (status = 409, description = "One of that kind is under way", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    tenant: Tenant,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<NewImportBody>,
) -> AppResult<impl IntoResponse> {
    let import = request::request(&state.services, &tenant, &sent.kind, &sent.source_url).await?;
    let location = format!("/api/v1/imports/{}", import.id);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(ImportView::from(import)),
    ))
}

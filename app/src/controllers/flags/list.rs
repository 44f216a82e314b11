//! `GET /api/v1/flags`: what is switched on for a vendor.

use crate::auth::tenant::Tenant;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::flags::FlagRow;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlagList)]
pub struct Listed<'a> {
    items: &'a [FlagRow],
}

/// 200 with all flags as they stand for the vendor.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/flags",
    tag = "flags",
    operation_id = "list_flags",
    params(("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    responses(
        (status = 200, description = "Flags", body = Listed<'_>),
        (status = 401, description = "Nobody is logged in", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn list(tenant: Tenant, State(state): State<AppState>) -> AppResult<impl IntoResponse> {
    let flags = state.services.flags.resolved(tenant.vendor).await?;
    let body = Json(Listed { items: &flags });
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}

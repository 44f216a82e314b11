//! `GET /api/v1/vendors/{id}`: one vendor.

use crate::auth::identity::Identity;
use crate::controllers::extract::PathOf;
use crate::controllers::tags::{PRIVATE, tagged};
use crate::domain::ids::VendorId;
use crate::errors::{AppResult, Problem};
use crate::shop::vendors::{may_see, missing};
use crate::state::AppState;
use crate::storage::vendors::{self, VendorRow};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// 200 with the vendor, 304, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/vendors/{id}",
    tag = "vendors",
    operation_id = "show_vendor",
    params(("id" = i64, Path, description = "The vendor")),
    responses(
        (status = 200, description = "The vendor", body = VendorRow, headers(("etag" = String))),
        (status = 304, description = "As you have it (If-None-Match)"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such vendor, or it is not yours", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn show(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<VendorId>,
    headers: HeaderMap,
) -> AppResult<Response> {
    may_see(&identity, id)?;
    let row = vendors::find(&state.pool, id).await?.ok_or_else(missing)?;
    tagged(&headers, &row.revision.to_string(), PRIVATE, &row, 512)
}

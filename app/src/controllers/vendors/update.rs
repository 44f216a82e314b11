//! `PATCH /api/v1/vendors/{id}`: changes a vendor.

use crate::auth::identity::Identity;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::controllers::tags::{etag, if_match};
use crate::domain::ids::VendorId;
use crate::domain::vendor::VendorPatch;
use crate::errors::{AppResult, Problem};
use crate::shop::vendors;
use crate::state::AppState;
use crate::storage::vendors::VendorRow;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;

/// 200 with the vendor as it is now.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    patch,
    path = "/api/v1/vendors/{id}",
    tag = "vendors",
    operation_id = "update_vendor",
    params(
        ("id" = i64, Path, description = "The vendor"),
        ("if-match" = Option<String>, Header, description = "The tag of what you have read"),
    ),
    request_body = VendorPatch,
    responses(
        (status = 200, description = "The vendor", body = VendorRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not the owner's, or not the owner's to change", body = Problem),
        (status = 404, description = "There is no such vendor, or it is not yours", body = Problem),
        (status = 409, description = "The slug is taken", body = Problem),
        (status = 412, description = "It was changed meanwhile (If-Match)", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn update(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<VendorId>,
    headers: HeaderMap,
    JsonBody(patch): JsonBody<VendorPatch>,
) -> AppResult<impl IntoResponse> {
    let revision = if_match(&headers)?;
    let row = vendors::change(&state.services, &identity, id, revision, &patch).await?;
    Ok((etag(row.revision), Json(row)))
}

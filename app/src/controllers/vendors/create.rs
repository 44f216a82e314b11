//! `POST /api/v1/vendors`: adds a vendor.

use crate::auth::identity::Admin;
use crate::controllers::extract::JsonBody;
use crate::controllers::tags::etag;
use crate::domain::vendor::NewVendor;
use crate::errors::{AppResult, Problem};
use crate::shop::vendors;
use crate::state::AppState;
use crate::storage::vendors::VendorRow;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

/// 201 with the vendor.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/vendors",
    tag = "vendors",
    operation_id = "create_vendor",
    request_body = NewVendor,
    responses(
        (status = 201, description = "The vendor", body = VendorRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 409, description = "The slug is taken", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn create(
    Admin(identity): Admin,
    State(state): State<AppState>,
    JsonBody(new): JsonBody<NewVendor>,
) -> AppResult<impl IntoResponse> {
    let row = vendors::add(&state.services, &identity, &new).await?;
    let location = [(header::LOCATION, format!("/api/v1/vendors/{}", row.id))];
    Ok((StatusCode::CREATED, location, etag(row.revision), Json(row)))
}

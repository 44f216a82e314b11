//! `POST /api/v1/products/{id}/images`: shows a picture at a product.

use super::UploadView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::domain::ids::ProductId;
use crate::errors::{AppResult, Problem};
use crate::shop::pictures;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Which picture, and how it is shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImage {
    /// An uploaded picture of the same vendor.
    upload_id: Uuid,
    /// What it shows, for those who cannot see it.
    #[serde(default)]
    alt: String,
    /// Lower ones are shown first.
    #[serde(default)]
    position: i16,
}

/// 201 with the picture, 404 or 422. The same picture a second time changes
/// its description and place.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/products/{id}/images",
    tag = "uploads",
    params(("id" = i64, Path, description = "The product")),
    request_body = NewImage,
    responses(
        (status = 201, description = "The picture", body = UploadView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such product", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn attach(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(product): PathOf<ProductId>,
    JsonBody(sent): JsonBody<NewImage>,
) -> AppResult<impl IntoResponse> {
    let new = pictures::NewPicture {
        upload: sent.upload_id,
        alt: &sent.alt,
        position: Some(sent.position),
    };
    let row = pictures::attach(&state.services, &tenant, product, new).await?;
    Ok((StatusCode::CREATED, Json(UploadView::from(row))))
}

//! `POST /api/v1/products/{id}/images`: shows a picture at a product.

use super::UploadView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult, Problem};
use crate::files::sniff;
use crate::state::AppState;
use crate::storage::uploads;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Longest description, in characters.
const ALT: usize = 500;

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
    if sent.alt.chars().count() > ALT {
        return Err(AppError::invalid("alt", "has more than 500 characters"));
    }
    let row = uploads::find(&state.pool, tenant.vendor, sent.upload_id).await?;
    let row = row.ok_or_else(|| AppError::invalid("upload_id", "there is no such file"))?;
    if !sniff::is_picture(&row.content_type) {
        let what = format!("is of type {}, which is no picture", row.content_type);
        return Err(AppError::invalid("upload_id", what));
    }
    let attached = uploads::attach(
        &state.pool,
        tenant.vendor,
        product,
        row.id,
        sent.position,
        &sent.alt,
        state.clock.now(),
    );
    if !attached.await? {
        return Err(AppError::not_found("There is no such product."));
    }
    Ok((StatusCode::CREATED, Json(UploadView::from(row))))
}

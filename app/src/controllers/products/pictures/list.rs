//! `GET /api/v1/products/{id}/pictures`: what a product shows.

use super::PictureView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::{product_images, products};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pictures {
    /// In the order in which they are shown.
    items: Vec<PictureView>,
}

/// 200 with the pictures, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/products/{id}/pictures",
    tag = "products",
    operation_id = "list_product_pictures",
    params(
        ("id" = i64, Path, description = "The product"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
    ),
    responses(
        (status = 200, description = "The pictures", body = Pictures),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such product", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn list(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
) -> AppResult<Json<Pictures>> {
    let found = products::find(&state.pool, tenant.vendor, id).await?;
    found.ok_or_else(|| AppError::not_found("There is no such product."))?;
    let rows = product_images::of_product(&state.pool, tenant.vendor, id).await?;
    let items = rows.into_iter().map(PictureView::from).collect();
    Ok(Json(Pictures { items }))
}

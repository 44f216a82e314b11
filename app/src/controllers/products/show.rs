//! `GET /api/v1/products/{id}`: one product on sale, with its vendor.

use crate::controllers::extract::PathOf;
use crate::controllers::tags::{PUBLIC, tagged};
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult, Problem};
use crate::shop::details::Said;
use crate::state::AppState;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// 200 with the product, 304, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/products/{id}",
    tag = "products",
    operation_id = "show_product",
    params(("id" = i64, Path, description = "The product")),
    responses(
        (status = 200, description = "The product", body = Said<'_>, headers(("etag" = String))),
        (status = 304, description = "As you have it (If-None-Match)"),
        (status = 404, description = "There is no such product on sale", body = Problem),
    ),
    security(()),
)]
pub async fn show(
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
    headers: HeaderMap,
) -> AppResult<Response> {
    let detail = state.services.shelf.detail(id).await?;
    let detail = detail.ok_or_else(|| AppError::not_found("There is no such product."))?;
    let versions = detail.versions;
    let tag = format!("{}-{}", versions.product.revision, versions.vendor.revision);
    let size = detail.text.get().len();
    tagged(&headers, &tag, PUBLIC, &&*detail.text, size)
}

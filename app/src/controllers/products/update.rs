//! `PATCH /api/v1/products/{id}`: changes a product.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::controllers::tags::{etag, if_match};
use crate::domain::ids::ProductId;
use crate::domain::product::ProductPatch;
use crate::errors::{AppResult, Problem};
use crate::shop::products;
use crate::state::AppState;
use crate::storage::products::ProductRow;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;

/// 200 with the product as it is now.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    patch,
    path = "/api/v1/products/{id}",
    tag = "products",
    operation_id = "update_product",
    params(
        ("id" = i64, Path, description = "The product"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
        ("if-match" = Option<String>, Header, description = "The tag of what you have read"),
    ),
    request_body = ProductPatch,
    responses(
        (status = 200, description = "The product", body = ProductRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such product", body = Problem),
        (status = 409, description = "The article number is taken", body = Problem),
        (status = 412, description = "It was changed meanwhile (If-Match)", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn update(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
    headers: HeaderMap,
    JsonBody(patch): JsonBody<ProductPatch>,
) -> AppResult<impl IntoResponse> {
    let revision = if_match(&headers)?;
    let row = products::change(&state.services, &tenant, id, revision, &patch).await?;
    Ok((etag(row.revision), Json(row)))
}

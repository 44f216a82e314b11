//! `DELETE /api/v1/products/{id}`: removes a product.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::controllers::tags::if_match;
use crate::domain::ids::ProductId;
use crate::errors::{AppResult, Problem};
use crate::shop::products;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

/// 204. Orders keep what they said of the product.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    delete,
    path = "/api/v1/products/{id}",
    tag = "products",
    operation_id = "delete_product",
    params(
        ("id" = i64, Path, description = "The product"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
        ("if-match" = Option<String>, Header, description = "The tag of what you have read"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such product", body = Problem),
        (status = 412, description = "It was changed meanwhile (If-Match)", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn delete(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
    headers: HeaderMap,
) -> AppResult<StatusCode> {
    products::remove(&state.services, &tenant, id, if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

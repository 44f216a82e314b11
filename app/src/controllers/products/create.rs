//! `POST /api/v1/products`: adds a product.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::controllers::tags::etag;
use crate::domain::product::NewProduct;
use crate::errors::{AppResult, Problem};
use crate::shop::products;
use crate::state::AppState;
use crate::storage::products::ProductRow;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

/// 201 with the product.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/products",
    tag = "products",
    operation_id = "create_product",
    params(("vendor" = Option<i64>, Query, description = "For whom; administrators must say")),
    request_body = NewProduct,
    responses(
        (status = 201, description = "The product", body = ProductRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "The plan has no room", body = Problem),
        (status = 409, description = "The article number is taken", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn create(
    tenant: Tenant,
    State(state): State<AppState>,
    JsonBody(new): JsonBody<NewProduct>,
) -> AppResult<impl IntoResponse> {
    let row = products::add(&state.services, &tenant, &new).await?;
    let location = [(header::LOCATION, format!("/api/v1/products/{}", row.id))];
    Ok((StatusCode::CREATED, location, etag(row.revision), Json(row)))
}

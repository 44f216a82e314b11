//! `GET /api/v1/products/{id}`: one product on sale, with its vendor.

use crate::controllers::extract::PathOf;
use crate::controllers::tags::{PUBLIC, tagged};
use crate::domain::ids::{ProductId, VendorId};
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::products::PublicProduct;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicProductDetail)]
pub struct Detail<'a> {
    #[serde(flatten)]
    product: PublicProduct<'a>,
    vendor: Seller<'a>,
}

/// Who sells it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductVendor)]
pub struct Seller<'a> {
    id: VendorId,
    name: &'a str,
}

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
        (status = 200, description = "The product", body = Detail<'_>, headers(("etag" = String))),
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
    let row = state.services.shelf.find(id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such product."))?;
    let (product, name, vendor_revision) = row.parts()?;
    let tag = format!("{}-{vendor_revision}", product.revision);
    let body = Detail {
        vendor: Seller {
            id: product.vendor_id,
            name,
        },
        product,
    };
    tagged(&headers, &tag, PUBLIC, &body, 1024)
}

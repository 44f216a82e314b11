//! `DELETE /api/v1/products/{id}/pictures/{upload}`: takes a picture from a
//! product.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::domain::ids::ProductId;
use crate::errors::{AppResult, Problem};
use crate::shop::pictures;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

/// 204, or 404. A file that no other product shows is deleted with it.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    delete,
    path = "/api/v1/products/{id}/pictures/{upload}",
    tag = "products",
    operation_id = "detach_product_picture",
    params(
        ("id" = i64, Path, description = "The product"),
        ("upload" = Uuid, Path, description = "The uploaded file that it shows"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
    ),
    responses(
        (status = 204, description = "The product shows it no more; a file that no product shows is gone"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "The product shows no such picture", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn detach(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf((product, upload)): PathOf<(ProductId, Uuid)>,
) -> AppResult<StatusCode> {
    pictures::remove(&state.services, &tenant, product, upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

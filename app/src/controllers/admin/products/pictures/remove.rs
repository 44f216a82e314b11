//! `POST /admin/products/{id}/pictures/{upload}/remove`: takes a picture away.

use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::{Confirmed, see_other};
use crate::controllers::extract::{FormBody, PathOf};
use crate::domain::ids::ProductId;
use crate::errors::AppResult;
use crate::shop;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

/// 303 back to the product.
///
/// # Errors
/// When the form is not this session's, 404, or when the database fails.
pub async fn remove(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf((product, upload)): PathOf<(ProductId, Uuid)>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    shop::pictures::remove(&state.services, &tenant, product, upload).await?;
    Ok(see_other(&format!("/admin/products/{product}#pictures")))
}

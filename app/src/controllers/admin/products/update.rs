//! `/admin/products/{id}`: one product.

use super::form::{self, Known, Sent};
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{see_other, vendor_currency};
use crate::controllers::extract::{FormBody, PathOf};
use crate::domain::ids::ProductId;
use crate::domain::product::ProductPatch;
use crate::errors::{AppError, AppResult};
use crate::shop;
use crate::state::AppState;
use crate::storage::products;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// 200 with the form, or 404.
///
/// # Errors
/// When the database fails.
pub async fn show(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
) -> AppResult<Response> {
    let found = products::find(&state.pool, tenant.vendor, id).await?;
    let row = found.ok_or_else(|| AppError::not_found("There is no such product."))?;
    let known = Known::find(&state, tenant.vendor, id).await?;
    let frame = Frame::new(tenant.identity, "/admin/products");
    form::show(StatusCode::OK, frame, Sent::from(&row).form(), Some(known))
}

/// 303 back to the product, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn update(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let currency = vendor_currency(&state, tenant.vendor).await?;
    let changed = match sent.read(currency) {
        Ok(new) => {
            // The form has no field for it: it stays.
            let patch = ProductPatch {
                image_url: None,
                ..ProductPatch::from(new)
            };
            let revision = sent.revision();
            shop::products::change(&state.services, &tenant, id, revision, &patch).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&format!("/admin/products/{id}"))),
        Err(error) => {
            let refused = sent.form().refused(error)?;
            let known = Known::find(&state, tenant.vendor, id).await?;
            let frame = Frame::new(tenant.identity, "/admin/products");
            form::show(
                StatusCode::UNPROCESSABLE_ENTITY,
                frame,
                refused,
                Some(known),
            )
        }
    }
}

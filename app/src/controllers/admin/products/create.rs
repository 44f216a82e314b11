//! `/admin/products/new`: a new product.

use super::form::{self, Sent};
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{see_other, vendor_currency};
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::shop;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// 200 with the empty form.
///
/// # Errors
/// When the page cannot be made.
pub async fn show(Keeper(tenant): Keeper) -> AppResult<Response> {
    let frame = Frame::new(tenant.identity, "/admin/products");
    form::show(StatusCode::OK, frame, Sent::blank().form(), None)
}

/// 303 to the product, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn create(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let currency = vendor_currency(&state, tenant.vendor).await?;
    let added = match sent.read(currency) {
        Ok(new) => shop::products::add(&state.services, &tenant, &new).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(product) => Ok(see_other(&format!("/admin/products/{}", product.id))),
        Err(error) => {
            let refused = sent.form().refused(error)?;
            let frame = Frame::new(tenant.identity, "/admin/products");
            form::show(StatusCode::UNPROCESSABLE_ENTITY, frame, refused, None)
        }
    }
}

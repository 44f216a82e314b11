//! `POST /cart`: puts something into the cart, or changes how many.

use super::origin;
use crate::cart::Cart;
use crate::controllers::admin::{see_other, with_cookie};
use crate::controllers::extract::FormBody;
use crate::domain::ids::ProductId;
use crate::errors::AppResult;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

/// What the forms send.
#[derive(Debug, Deserialize)]
pub struct Sent {
    product: ProductId,
    quantity: i32,
    /// The number is to be that, and not to be added.
    #[serde(default)]
    set: bool,
}

/// 303 to the cart.
///
/// # Errors
/// 403 when another site sent it, 422.
pub async fn add(headers: HeaderMap, FormBody(sent): FormBody<Sent>) -> AppResult<Response> {
    origin::check(&headers)?;
    let mut cart = Cart::of(&headers);
    if sent.set {
        cart.set(sent.product, sent.quantity);
    } else {
        cart.add(sent.product, sent.quantity);
    }
    Ok(with_cookie(see_other("/cart"), cart.cookie()))
}

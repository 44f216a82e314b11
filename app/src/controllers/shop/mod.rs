//! The shop front: what customers see. It works without scripts, and no login
//! is needed; the cart is in a cookie of the visitor's own.

pub mod add;
pub mod cart;
pub mod checkout;
pub mod home;
pub mod origin;
pub mod product;
pub mod shelf;
pub mod thanks;
pub mod vendor;

use crate::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home::home))
        .route("/p/{id}", get(product::product))
        .route("/v/{slug}", get(vendor::vendor))
        .route("/cart", get(cart::show).post(add::add))
        .route("/checkout", post(checkout::checkout))
        .route("/thanks/{orders}", get(thanks::thanks))
}

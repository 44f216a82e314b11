//! What other services tell us.

pub mod stripe;

use crate::state::AppState;
use axum::Router;
use axum::routing::post;

/// Webhooks.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/webhooks/stripe", post(stripe::stripe))
}

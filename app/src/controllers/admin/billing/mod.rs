//! The page on what a shop pays for the platform, for its owner.

pub mod checkout;
pub mod leave;
pub mod portal;
pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/billing", get(show::show))
        .route("/admin/billing/checkout", post(checkout::checkout))
        .route("/admin/billing/portal", post(portal::portal))
}

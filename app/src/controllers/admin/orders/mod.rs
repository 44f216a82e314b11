//! The pages of a shop's orders.

pub mod list;
pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/orders", get(list::list))
        .route("/admin/orders/{id}", get(show::show).post(show::move_on))
}

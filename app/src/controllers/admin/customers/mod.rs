//! The pages of a shop's customers.

pub mod list;
pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/customers", get(list::list))
        .route("/admin/customers/{id}", get(show::show).post(show::update))
}

//! The settings of a shop.

pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/settings", get(show::show).post(show::update))
}

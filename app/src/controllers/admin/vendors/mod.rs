//! The shops of the platform.

pub mod list;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/vendors", get(list::list).post(list::create))
}

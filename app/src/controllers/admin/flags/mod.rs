//! The page of feature flags, for administrators.

pub mod list;
pub mod set;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/flags", get(list::list).post(set::set))
}

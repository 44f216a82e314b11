//! The page of a shop's invoices.

pub mod list;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/invoices", get(list::list))
}

//! The page of a shop's credit notes.

pub mod list;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/credit-notes", get(list::list))
}

//! The pages of a shop's imports.

pub mod list;
pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/imports", get(list::list).post(list::create))
        .route("/admin/imports/{id}", get(show::show))
        .route("/admin/imports/{id}/cancel", post(show::cancel))
}

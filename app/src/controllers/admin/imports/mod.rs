//! The pages of a shop's imports.

pub mod file;
pub mod list;
pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    // Taking a file counts its bytes itself, against a limit of its own.
    let taking = Router::new()
        .route("/admin/imports/file", post(file::file))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .merge(taking)
        .route("/admin/imports", get(list::list).post(list::create))
        .route("/admin/imports/{id}", get(show::show))
        .route("/admin/imports/{id}/cancel", post(show::cancel))
}

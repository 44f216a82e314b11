//! The operator's own files, of `[web] static_dir`.

pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The directory.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/static/{*path}", get(show::show))
}

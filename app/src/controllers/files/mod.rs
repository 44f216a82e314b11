//! Stored files as browsers get them.

pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// Uploads by their names.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/uploads/{*key}", get(show::show))
}

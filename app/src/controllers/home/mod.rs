//! The front door.

pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The way in.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/", get(show::show))
}

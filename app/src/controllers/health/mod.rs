//! What monitors and the box's keeper ask.

pub mod live;
pub mod ready;
pub mod version;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// How the process is.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/health", get(live::live))
        .route("/ready", get(ready::ready))
        .route("/version", get(version::version))
}

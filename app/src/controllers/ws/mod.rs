//! The WebSocket of live news. See [`open`] for how one begins and
//! [`connection`] for how it goes on.

pub mod connection;
pub mod open;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The WebSocket.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/ws", get(open::open))
}

//! The box on one screen.

use crate::daemon::Keeper;
use crate::status;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use onebox_api::status::{STATUS, Status};

pub(super) fn router() -> Router<Keeper> {
    Router::new().route(STATUS, get(show))
}

async fn show(State(keeper): State<Keeper>) -> Json<Status> {
    Json(status::collect(&keeper.applier, &keeper.registry).await)
}

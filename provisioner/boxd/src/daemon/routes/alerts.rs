//! Alerts: how they stand, and a test.

use crate::alerts;
use crate::daemon::Keeper;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::alerts::{STATUS, Status, TEST, Tried};

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(STATUS, get(show))
        .route(TEST, post(test))
}

async fn show(State(keeper): State<Keeper>) -> Json<Status> {
    Json(alerts::status(&keeper.disk))
}

async fn test(State(keeper): State<Keeper>) -> Json<Vec<Tried>> {
    Json(alerts::test(&keeper.disk, &keeper.channels).await)
}

//! The recurring work: what it did, and doing it now.

use crate::daemon::Keeper;
use crate::daemon::answer::Refused;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::reconcilers::{LIST, RUN, ReconcilerStatus, Run};

pub(super) fn router() -> Router<Keeper> {
    Router::new().route(LIST, get(list)).route(RUN, post(run))
}

async fn list(State(keeper): State<Keeper>) -> Json<Vec<ReconcilerStatus>> {
    Json(keeper.registry.statuses())
}

async fn run(
    State(keeper): State<Keeper>,
    Json(asked): Json<Run>,
) -> Result<Json<ReconcilerStatus>, Refused> {
    let status = keeper.registry.run(&asked.name).await;
    status.map(Json).ok_or_else(|| {
        Refused(Problem::not_found(format!(
            "there is no recurring work named {:?}; it is one of {}",
            asked.name,
            keeper.registry.names().join(", ")
        )))
    })
}

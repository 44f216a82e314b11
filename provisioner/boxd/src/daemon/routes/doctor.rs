//! The doctor: what can be looked at, and a look.

use crate::daemon::Keeper;
use crate::daemon::answer::follow;
use crate::daemon::peer::Peer;
use crate::doctor::Doctor;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::doctor::{About, Ask, CHECKS, DIAGNOSE};

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(CHECKS, get(list))
        .route(DIAGNOSE, post(diagnose))
}

async fn list() -> Json<Vec<About>> {
    Json(Doctor::checks())
}

async fn diagnose(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(ask): Json<Ask>,
) -> Response {
    if ask.fix {
        tracing::info!(uid = ?peer.uid, pid = ?peer.pid, "the doctor is to mend what is safe to mend");
    }
    follow(async move |steps| {
        let diagnosis = keeper.doctor.examine(&ask, &steps).await;
        diagnosis.map_err(|error| Problem::not_found(error.to_string()))
    })
}

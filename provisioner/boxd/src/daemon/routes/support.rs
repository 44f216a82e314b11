//! The support bundle.

use crate::daemon::Keeper;
use crate::daemon::answer::follow;
use crate::daemon::peer::Peer;
use crate::support;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::support::{Ask, BUNDLE};

pub(super) fn router() -> Router<Keeper> {
    Router::new().route(BUNDLE, post(bundle))
}

async fn bundle(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(ask): Json<Ask>,
) -> Response {
    tracing::info!(uid = ?peer.uid, pid = ?peer.pid, "a support bundle is made");
    follow(async move |steps| {
        let bundle = support::bundle(&keeper.doctor, ask.hours, &steps).await;
        bundle.map_err(|error| Problem::failed(format!("the bundle cannot be packed: {error}")))
    })
}

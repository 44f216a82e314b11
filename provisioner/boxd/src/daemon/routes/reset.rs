//! Beginning anew.

use crate::daemon::Keeper;
use crate::daemon::answer::Refused;
use crate::daemon::peer::Peer;
use crate::reset;
use axum::extract::{ConnectInfo, State};
use axum::routing::post;
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::reset::{FACTORY_RESET, Reset};

pub(super) fn router() -> Router<Keeper> {
    Router::new().route(FACTORY_RESET, post(factory_reset))
}

async fn factory_reset(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Json<Reset>, Refused> {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, "factory reset: all data go at the restart that follows");
    reset::reset(&keeper.disk, &keeper.systemd)
        .map(Json)
        .map_err(|error| Refused(Problem::failed(error.to_string())))
}

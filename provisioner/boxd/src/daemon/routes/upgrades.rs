//! Upgrades: how they are, what one would change, and doing it.

use crate::daemon::Keeper;
use crate::daemon::answer::{Refused, follow};
use crate::daemon::peer::Peer;
use crate::upgrade::UpgradeError;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::upgrades::{
    Ask, CHECK, FORGIVE, OVERVIEW, Overview, PRICE, ROLL_BACK, RollBack, UPGRADE, Version,
};

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(OVERVIEW, get(show))
        .route(CHECK, post(check))
        .route(UPGRADE, post(begin))
        .route(PRICE, post(price))
        .route(ROLL_BACK, post(roll_back))
        .route(FORGIVE, post(forgive))
}

fn problem(error: &UpgradeError) -> Problem {
    match error {
        UpgradeError::Busy(_) | UpgradeError::Refused(_) | UpgradeError::Obstacles(_) => {
            Problem::conflict(error.to_string())
        }
        _ => Problem::failed(error.to_string()),
    }
}

fn refused(error: UpgradeError) -> Refused {
    Refused(problem(&error))
}

async fn show(State(keeper): State<Keeper>) -> Result<Json<Overview>, Refused> {
    keeper.upgrades.overview().map(Json).map_err(refused)
}

async fn check(State(keeper): State<Keeper>, Json(asked): Json<Ask>) -> Response {
    follow(async move |steps| {
        let offer = keeper.upgrades.check(&asked, &steps).await;
        offer.map_err(|error| problem(&error))
    })
}

async fn begin(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Ask>,
) -> Response {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, source = ?asked.source, force = asked.force, "an upgrade begins");
    follow(async move |steps| {
        let begun = keeper.upgrades.begin(&asked, &steps).await;
        begun.map_err(|error| problem(&error))
    })
}

async fn price(State(keeper): State<Keeper>, Json(asked): Json<RollBack>) -> Response {
    follow(async move |_| {
        let price = keeper.upgrades.price(asked).await;
        price.map_err(|error| problem(&error))
    })
}

async fn roll_back(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<RollBack>,
) -> Response {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, "the box goes back to the release of before");
    follow(async move |steps| {
        let begun = keeper.upgrades.roll_back(asked, &steps).await;
        begun.map_err(|error| problem(&error))
    })
}

async fn forgive(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Version>,
) -> Result<Json<Overview>, Refused> {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, version = asked.version, "a release that was no good may be installed again");
    keeper
        .upgrades
        .forgive(&asked.version)
        .map(Json)
        .map_err(refused)
}

//! Systemd's units: how they are, and starting and stopping them.

use crate::daemon::Keeper;
use crate::daemon::answer::Refused;
use crate::daemon::peer::Peer;
use crate::systemd::{self, SystemdError};
use axum::extract::{ConnectInfo, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::units::{ACT, Act, LIST, SHOW, UnitState};
use onebox_model::units;
use serde::Deserialize;

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(LIST, get(list))
        .route(SHOW, get(show))
        .route(ACT, post(act))
}

#[derive(Deserialize)]
struct Which {
    /// Every loaded unit, not only the box's own.
    #[serde(default)]
    all: bool,
}

#[derive(Deserialize)]
struct One {
    unit: String,
}

fn failed(error: &SystemdError) -> Refused {
    Refused(match error {
        SystemdError::Job { .. } => Problem::conflict(error.to_string()),
        _ => Problem::failed(error.to_string()),
    })
}

fn named(name: &str) -> Result<String, Refused> {
    units::resolve(name).map_err(|error| Refused(Problem::not_found(error.to_string())))
}

async fn list(
    State(keeper): State<Keeper>,
    Query(which): Query<Which>,
) -> Result<Json<Vec<UnitState>>, Refused> {
    let names = if which.all {
        let mut names = keeper
            .systemd
            .loaded()
            .await
            .map_err(|error| failed(&error))?;
        names.sort();
        names
    } else {
        units::own()
    };
    let states = systemd::states(&*keeper.systemd, &names).await;
    states.map(Json).map_err(|error| failed(&error))
}

async fn show(
    State(keeper): State<Keeper>,
    Query(one): Query<One>,
) -> Result<Json<UnitState>, Refused> {
    let unit = named(&one.unit)?;
    let state = keeper.systemd.state(&unit).await;
    state.map(Json).map_err(|error| failed(&error))
}

async fn act(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Act>,
) -> Result<Json<UnitState>, Refused> {
    let unit = named(&asked.unit)?;
    let state = keeper.systemd.state(&unit).await;
    let state = state.map_err(|error| failed(&error))?;
    if state.load_state == "not-found" {
        let why = format!("systemd knows no unit {unit}; `boxctl service list --all` shows all");
        return Err(Refused(Problem::not_found(why)));
    }
    let verb = asked.verb;
    tracing::info!(uid = ?peer.uid, pid = ?peer.pid, unit, "{} {unit}", verb.name());
    let done = keeper.systemd.act(verb, &unit).await;
    done.map_err(|error| failed(&error))?;
    let state = keeper.systemd.state(&unit).await;
    state.map(Json).map_err(|error| failed(&error))
}

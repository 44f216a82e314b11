//! Changing the box.

use crate::daemon::Keeper;
use crate::daemon::answer::{Refused, follow};
use crate::daemon::peer::Peer;
use crate::generations::{ApplyError, PATIENCE, PlanError, Request, Store};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::generations::{APPLY, Apply, CONFIRM, Generation, HISTORY, PLAN, Plan, UNDO, Undo};
use std::time::Duration;

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(PLAN, get(plan))
        .route(APPLY, post(apply))
        .route(UNDO, post(undo))
        .route(CONFIRM, post(confirm))
        .route(HISTORY, get(history))
}

fn problem(error: &ApplyError) -> Problem {
    let text = error.to_string();
    match error {
        ApplyError::Plan(
            PlanError::Config(_) | PlanError::NotText { .. } | PlanError::MissingSecret { .. },
        ) => Problem::new(422, "Not valid", text),
        ApplyError::Busy(_)
        | ApplyError::NothingBefore
        | ApplyError::NothingToConfirm
        | ApplyError::Invalid(_)
        | ApplyError::Reverted { .. } => Problem::conflict(text),
        _ => Problem::failed(text),
    }
}

fn request(peer: Peer, message: String, wait: bool) -> Request {
    let by = peer
        .uid
        .map_or_else(|| "an unknown account".to_owned(), account);
    Request {
        by,
        message,
        wait,
        patience: PATIENCE,
    }
}

/// The name of an account, from the system's own file.
fn account(uid: u32) -> String {
    let text = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    text.lines()
        .find_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?;
            (parts.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
        })
        .unwrap_or_else(|| format!("uid {uid}"))
}

async fn plan(State(keeper): State<Keeper>) -> Result<Json<Plan>, Refused> {
    let plan = keeper.applier.plan();
    plan.map(Json).map_err(|error| Refused(problem(&error)))
}

async fn apply(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Apply>,
) -> Response {
    let patience = asked.patience_seconds.map(Duration::from_secs);
    let request = Request {
        patience: patience.unwrap_or(PATIENCE),
        ..request(peer, asked.message, !asked.no_wait)
    };
    tracing::info!(by = request.by, "apply");
    follow(|steps| async move {
        let applied = keeper.applier.apply(&request, &steps).await;
        let applied = applied.map_err(|error| told(&error))?;
        certificates(keeper);
        Ok(applied)
    })
}

async fn undo(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Undo>,
) -> Response {
    let request = request(peer, String::new(), true);
    tracing::info!(by = request.by, to = asked.to, "undo");
    follow(move |steps| async move {
        let applied = keeper.applier.undo(asked.to, &request, &steps).await;
        let applied = applied.map_err(|error| told(&error))?;
        certificates(keeper);
        Ok(applied)
    })
}

/// Other names may be in force now. An order takes its time, and nobody waits.
fn certificates(keeper: Keeper) {
    tokio::spawn(async move { keeper.registry.run("certificates").await });
}

/// Goes to the log as well: whoever asked may be gone by then.
fn told(error: &ApplyError) -> Problem {
    tracing::warn!("{error}");
    problem(error)
}

async fn confirm(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Json<Generation>, Refused> {
    let request = request(peer, String::new(), true);
    let kept = keeper.applier.confirm(&request).await;
    kept.map(Json).map_err(|error| Refused(problem(&error)))
}

async fn history(State(keeper): State<Keeper>) -> Result<Json<Vec<Generation>>, Refused> {
    let history = Store(&keeper.disk).history();
    history
        .map(Json)
        .map_err(|error| Refused(Problem::failed(error.to_string())))
}

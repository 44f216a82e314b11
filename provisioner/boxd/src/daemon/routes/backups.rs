//! Backups: what there is, making one, looking at them, and going back.

use crate::backups::BackupError;
use crate::daemon::Keeper;
use crate::daemon::answer::{Refused, follow};
use crate::daemon::peer::Peer;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::backups::{
    DISCARD, DRILL, Discard, KIT, Kit, NOW, Now, OVERVIEW, Overview, PRUNE, Plan, Prune, RESTORE,
    RESTORE_KIT, RESTORE_PLAN, Restore, RestoreKit, VERIFY,
};

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(OVERVIEW, get(show))
        .route(NOW, post(now))
        .route(VERIFY, post(verify))
        .route(PRUNE, post(prune))
        .route(DISCARD, post(discard))
        .route(DRILL, post(drill))
        .route(RESTORE_PLAN, post(plan))
        .route(RESTORE, post(restore))
        .route(KIT, get(kit))
        .route(RESTORE_KIT, post(restore_kit))
}

fn problem(error: &BackupError) -> Problem {
    match error {
        BackupError::Off(_)
        | BackupError::Busy(_)
        | BackupError::NoRepository { .. }
        | BackupError::Unreachable(_)
        | BackupError::Space { .. } => Problem::conflict(error.to_string()),
        _ => Problem::failed(error.to_string()),
    }
}

fn refused(error: BackupError) -> Refused {
    Refused(problem(&error))
}

async fn show(State(keeper): State<Keeper>) -> Result<Json<Overview>, Refused> {
    keeper.backups.overview().await.map(Json).map_err(refused)
}

async fn now(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Now>,
) -> Response {
    tracing::info!(uid = ?peer.uid, pid = ?peer.pid, kind = ?asked.kind, "a backup is to be made");
    follow(async move |steps| {
        let made = keeper.backups.now(&asked, &steps).await;
        made.map_err(|error| problem(&error))
    })
}

async fn verify(State(keeper): State<Keeper>) -> Response {
    follow(async move |steps| {
        let verified = keeper.backups.verify(&steps).await;
        verified.map_err(|error| problem(&error))
    })
}

async fn prune(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Prune>,
) -> Response {
    tracing::info!(uid = ?peer.uid, pid = ?peer.pid, dry_run = asked.dry_run, "old backups are to be dropped");
    follow(async move |steps| {
        let pruned = keeper.backups.prune(&asked, &steps).await;
        pruned.map_err(|error| problem(&error))
    })
}

async fn discard(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Discard>,
) -> Response {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, label = asked.label, dry_run = asked.dry_run, "a backup is to be dropped");
    follow(async move |steps| {
        let dropped = keeper.backups.discard(&asked, &steps).await;
        dropped.map_err(|error| problem(&error))
    })
}

async fn drill(State(keeper): State<Keeper>) -> Response {
    follow(async move |steps| {
        let drilled = keeper.backups.drill(&steps).await;
        drilled.map_err(|error| problem(&error))
    })
}

async fn plan(
    State(keeper): State<Keeper>,
    Json(asked): Json<Restore>,
) -> Result<Json<Plan>, Refused> {
    let plan = keeper.backups.restore_plan(&asked).await;
    plan.map(Json).map_err(refused)
}

async fn restore(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Restore>,
) -> Response {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, at = ?asked.at, label = ?asked.label, "a restore begins");
    follow(async move |steps| {
        let restored = keeper.backups.restore(&asked, &steps).await;
        restored.map_err(|error| problem(&error))
    })
}

async fn kit(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Json<Kit>, Refused> {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, "the recovery kit is shown");
    keeper.backups.kit().map(Json).map_err(refused)
}

async fn restore_kit(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<RestoreKit>,
) -> Response {
    tracing::warn!(uid = ?peer.uid, pid = ?peer.pid, "this box is to become another");
    follow(async move |steps| {
        let restored = keeper.backups.restore_kit(&asked, &steps).await;
        restored.map_err(|error| problem(&error))
    })
}

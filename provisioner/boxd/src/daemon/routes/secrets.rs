//! The operator's secrets.

use crate::daemon::Keeper;
use crate::daemon::answer::Refused;
use crate::daemon::peer::Peer;
use crate::secrets::{self, Creds, SecretsError};
use axum::extract::{ConnectInfo, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::secrets::{LIST, REMOVE, Remove, SET, SecretInfo, Set};
use zeroize::Zeroizing;

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(LIST, get(list))
        .route(SET, post(set))
        .route(REMOVE, post(remove))
}

fn refused(error: &SecretsError) -> Refused {
    let text = error.to_string();
    Refused(match error {
        SecretsError::Name(_) | SecretsError::Length { .. } | SecretsError::Lines(_) => {
            Problem::bad_request(text)
        }
        SecretsError::Missing(_) => Problem::not_found(text),
        SecretsError::Named { .. } => Problem::conflict(text),
        SecretsError::Disk(_) | SecretsError::Creds(_) => Problem::failed(text),
    })
}

async fn list(State(keeper): State<Keeper>) -> Result<Json<Vec<SecretInfo>>, Refused> {
    let list = secrets::list(&keeper.disk);
    list.map(Json).map_err(|error| refused(&error))
}

async fn set(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Set>,
) -> Result<Json<SecretInfo>, Refused> {
    let value = Zeroizing::new(asked.value);
    tracing::info!(uid = ?peer.uid, name = asked.name, "a secret is stored");
    let done = secrets::set(&keeper.disk, &Creds, &asked.name, &value).await;
    done.map_err(|error| refused(&error))?;
    let all = secrets::list(&keeper.disk).map_err(|error| refused(&error))?;
    let one = all.into_iter().find(|one| one.name == asked.name);
    one.map(Json)
        .ok_or_else(|| refused(&SecretsError::Missing(asked.name)))
}

async fn remove(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Remove>,
) -> Result<Json<serde_json::Value>, Refused> {
    tracing::info!(uid = ?peer.uid, name = asked.name, "a secret is removed");
    let done = secrets::remove(&keeper.disk, &asked.name, asked.force);
    done.map_err(|error| refused(&error))?;
    Ok(Json(serde_json::json!({})))
}

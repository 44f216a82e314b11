//! Certificates: how they are, ordering, revoking, and a look at the names.

use crate::acme::{self, RevokeError};
use crate::daemon::Keeper;
use crate::daemon::answer::{Refused, follow};
use crate::daemon::peer::Peer;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use onebox_api::Problem;
use onebox_api::certificates::{RENEW, REVOKE, Renew, Report, Revoke, STATUS, Status, TEST};

pub(super) fn router() -> Router<Keeper> {
    Router::new()
        .route(STATUS, get(show))
        .route(RENEW, post(renew))
        .route(REVOKE, post(revoke))
        .route(TEST, post(test))
}

async fn show(State(keeper): State<Keeper>) -> Json<Status> {
    let config = acme::config_in_force(&keeper.disk);
    Json(keeper.certificates.status(&config))
}

async fn test(State(keeper): State<Keeper>) -> Json<Report> {
    let config = acme::config_in_force(&keeper.disk);
    Json(keeper.certificates.test(&config).await)
}

async fn renew(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Renew>,
) -> Response {
    tracing::info!(uid = ?peer.uid, pid = ?peer.pid, haste = ?asked.haste, "certificates are to be renewed");
    follow(async move |steps| {
        let config = acme::config_in_force(&keeper.disk);
        let say = |line: String| steps.tell(line);
        let outcome = keeper.certificates.run(&config, asked.haste, &say).await;
        Ok::<Status, Problem>(outcome.status)
    })
}

async fn revoke(
    State(keeper): State<Keeper>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(asked): Json<Revoke>,
) -> Result<Json<Status>, Refused> {
    tracing::info!(uid = ?peer.uid, pid = ?peer.pid, reason = ?asked.reason, "the certificate is to be revoked");
    let config = acme::config_in_force(&keeper.disk);
    let revoked = keeper.certificates.revoke(&config, asked.reason).await;
    revoked.map_err(|error| {
        Refused(match error {
            RevokeError::None | RevokeError::Unknown(_) => Problem::conflict(error.to_string()),
            _ => Problem::failed(error.to_string()),
        })
    })?;
    Ok(Json(keeper.certificates.status(&config)))
}

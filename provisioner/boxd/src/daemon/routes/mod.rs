//! What can be asked of the daemon, a file for each subject.

mod alerts;
mod backups;
mod certificates;
mod doctor;
mod generations;
mod reconcilers;
mod reset;
mod secrets;
mod status;
mod support;
mod units;
mod upgrades;

use super::Keeper;
use super::answer::Refused;
use crate::upgrade;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use onebox_api::Problem;

/// All of it.
pub(super) fn router(keeper: Keeper) -> Router {
    Router::new()
        .merge(status::router())
        .merge(units::router())
        .merge(generations::router())
        .merge(reconcilers::router())
        .merge(secrets::router())
        .merge(certificates::router())
        .merge(alerts::router())
        .merge(backups::router())
        .merge(upgrades::router())
        .merge(reset::router())
        .merge(doctor::router())
        .merge(support::router())
        .fallback(async |uri: Uri| {
            Refused(Problem::not_found(format!(
                "boxd has no {}; boxd and boxctl should be of one image",
                uri.path()
            )))
        })
        .layer(from_fn_with_state(keeper.clone(), on_trial))
        .with_state(keeper)
}

/// What is changed while a release is on trial would be lost when it is left.
async fn on_trial(State(keeper): State<Keeper>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET && upgrade::is_held(&keeper.disk) {
        return Refused(Problem::conflict(
            "a new release is on trial, and what is changed now would be lost if it is no good; `boxctl upgrade status` shows when that is over",
        ))
        .into_response();
    }
    next.run(request).await
}

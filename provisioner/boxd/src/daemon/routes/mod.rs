//! What can be asked of the daemon, a file for each subject.

mod alerts;
mod backups;
mod certificates;
mod doctor;
mod generations;
mod reconcilers;
mod secrets;
mod status;
mod support;
mod units;

use super::Keeper;
use super::answer::Refused;
use axum::Router;
use axum::http::Uri;
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
        .merge(doctor::router())
        .merge(support::router())
        .fallback(async |uri: Uri| {
            Refused(Problem::not_found(format!(
                "boxd has no {}; boxd and boxctl should be of one image",
                uri.path()
            )))
        })
        .with_state(keeper)
}

//! Vendors: administrators see and make all of them, owners their own.

pub mod create;
pub mod list;
pub mod products;
pub mod show;
pub mod subscription;
pub mod update;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Vendors.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show, update::update))
        .routes(routes!(products::products))
        .routes(routes!(subscription::subscription))
}

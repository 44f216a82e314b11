//! The catalogue. Reading what is on sale needs no login; everything else is
//! for those who work for the vendor.

pub mod create;
pub mod delete;
pub mod export;
pub mod import;
pub mod list;
pub mod pictures;
pub mod show;
pub mod update;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Products.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(export::export))
        .routes(routes!(import::import))
        .routes(routes!(show::show, update::update, delete::delete))
        .merge(pictures::routes())
}

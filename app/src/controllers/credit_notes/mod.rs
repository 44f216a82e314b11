//! Credit notes. They come with orders that are called off, take back their
//! invoices, and never change.

pub mod list;
pub mod pdf;
pub mod show;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Credit notes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::show))
        .routes(routes!(pdf::pdf))
}

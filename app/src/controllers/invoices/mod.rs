//! Invoices. They come with orders and never change.

pub mod list;
pub mod mail;
pub mod pdf;
pub mod show;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Invoices.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::show))
        .routes(routes!(pdf::pdf))
        .routes(routes!(mail::mail))
}

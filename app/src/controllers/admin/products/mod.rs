//! The pages of a shop's products.

pub mod create;
pub mod delete;
pub mod form;
pub mod list;
pub mod pictures;
pub mod update;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .merge(pictures::routes())
        .route("/admin/products", get(list::list))
        .route(
            "/admin/products/new",
            get(create::show).post(create::create),
        )
        .route(
            "/admin/products/{id}",
            get(update::show).post(update::update),
        )
        .route(
            "/admin/products/{id}/delete",
            get(delete::show).post(delete::delete),
        )
}

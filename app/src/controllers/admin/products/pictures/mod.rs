//! The pictures on a product's page.

pub mod add;
pub mod remove;

use crate::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;

/// What the page's forms are sent to.
pub(super) fn routes() -> Router<AppState> {
    // Taking a file counts its bytes itself, against a limit of its own.
    let taking = Router::new()
        .route("/admin/products/{id}/pictures", post(add::add))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route(
            "/admin/products/{id}/pictures/{upload}/remove",
            post(remove::remove),
        )
        .merge(taking)
}

//! The pages of the people who may log in.

pub mod delete;
pub mod list;
pub mod update;

use crate::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/users", get(list::list).post(list::invite))
        .route("/admin/users/{id}", post(update::update))
        .route(
            "/admin/users/{id}/delete",
            get(delete::show).post(delete::delete),
        )
}

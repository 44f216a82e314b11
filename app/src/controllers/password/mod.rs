//! The pages of a forgotten password, and of an invitation: asking for a link,
//! and setting a password with one. For people who are not logged in.

pub mod ask;
pub mod ask_form;
pub mod set;
pub mod set_form;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

/// The pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/password", get(ask_form::ask_form).post(ask::ask))
        .route(
            "/admin/password/{token}",
            get(set_form::set_form).post(set::set),
        )
}

//! The page of one's own account: password, second factor, and where one is
//! logged in. For everybody who is, whatever the role.

pub mod end_session;
pub mod password;
pub mod recovery_codes;
pub mod second_factor_confirm;
pub mod second_factor_disable;
pub mod second_factor_enrol;
pub mod show;

use crate::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// The page and its forms.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/account", get(show::account))
        .route("/admin/account/password", post(password::password))
        .route(
            "/admin/account/second-factor",
            post(second_factor_enrol::second_factor_enrol),
        )
        .route(
            "/admin/account/second-factor/confirm",
            post(second_factor_confirm::second_factor_confirm),
        )
        .route(
            "/admin/account/second-factor/disable",
            post(second_factor_disable::second_factor_disable),
        )
        .route(
            "/admin/account/recovery-codes",
            post(recovery_codes::recovery_codes),
        )
        .route(
            "/admin/account/sessions/end",
            post(end_session::end_session),
        )
}

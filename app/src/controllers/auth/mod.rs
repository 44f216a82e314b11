//! Logging in and out for programs, the account's own settings, and its
//! sessions.

pub mod login;
pub mod logout;
pub mod me;
pub mod password_change;
pub mod password_reset;
pub mod password_reset_confirm;
pub mod recovery_codes;
pub mod refresh;
pub mod second_factor_confirm;
pub mod second_factor_disable;
pub mod second_factor_enrol;
pub mod sessions_end;
pub mod sessions_list;

use crate::state::AppState;
use axum::http::{HeaderName, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Logging in and out, for programs.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me))
        .routes(routes!(password_change::password_change))
        .routes(routes!(password_reset::password_reset))
        .routes(routes!(password_reset_confirm::password_reset_confirm))
        .routes(routes!(sessions_list::sessions_list))
        .routes(routes!(sessions_end::sessions_end))
        .routes(routes!(
            second_factor_enrol::second_factor_enrol,
            second_factor_disable::second_factor_disable
        ))
        .routes(routes!(second_factor_confirm::second_factor_confirm))
        .routes(routes!(recovery_codes::recovery_codes))
}

/// Answers that hold secrets are kept by nobody.
const NO_STORE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

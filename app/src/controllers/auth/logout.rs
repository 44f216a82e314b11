//! `POST /api/v1/auth/logout`: ends the login that the request came with.

use crate::auth::cookies;
use crate::auth::identity::{Identity, Via};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::refresh_families;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

/// 204. Both tokens of the login are void from now on.
///
/// # Errors
/// 401, or when the database or (for a cookie) Redis is away.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "auth",
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, description = "Not logged in", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn logout(
    identity: Identity,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> AppResult<StatusCode> {
    match identity.via {
        Via::Bearer => {
            let (login, user) = (identity.login, identity.session.user_id);
            refresh_families::revoke(&state.pool, login, user, state.clock.now()).await?;
        }
        Via::Cookie => {
            if let Some(token) = cookies::get(&headers, cookies::SESSION) {
                state.auth.sessions.end(token).await?;
            }
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

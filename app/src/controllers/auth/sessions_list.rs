//! `GET /api/v1/auth/sessions`: where the account is logged in.

use crate::auth::identity::Identity;
use crate::auth::logins::{self, Login};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Logins, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Logins {
    items: Vec<Login>,
}

/// 200 with the list, or 401.
///
/// # Errors
/// As problem documents; 503 when Redis is away.
#[utoipa::path(
    get,
    path = "/api/v1/auth/sessions",
    tag = "auth",
    responses(
        (status = 200, description = "Programs and browsers", body = Logins),
        (status = 401, description = "Not logged in", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn sessions_list(
    identity: Identity,
    State(state): State<AppState>,
) -> AppResult<Json<Logins>> {
    let items = logins::list(&state, &identity).await?;
    Ok(Json(Logins { items }))
}

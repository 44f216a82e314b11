//! `GET /api/v1/auth/me`: the account that the request came with.

use crate::auth::identity::Identity;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::credentials;
use crate::storage::users::Role;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// An account, as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct Me {
    id: Uuid,
    email: String,
    name: String,
    role: Role,
    /// The shop it works for; for an administrator the one chosen at the moment.
    vendor_id: Option<VendorId>,
    /// Whether logging in takes a code.
    second_factor: bool,
    /// Recovery codes that were not used yet.
    recovery_codes_left: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    last_login_at: Option<OffsetDateTime>,
    /// What a change must carry in `X-CSRF-Token` when it comes with a cookie.
    #[serde(skip_serializing_if = "String::is_empty")]
    csrf_token: String,
}

/// 200 with the account, or 401.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "auth",
    responses(
        (status = 200, description = "The account", body = Me),
        (status = 401, description = "Not logged in", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn me(identity: Identity, State(state): State<AppState>) -> AppResult<Json<Me>> {
    let session = identity.session;
    let profile = credentials::profile(&state.pool, session.user_id)
        .await?
        .ok_or_else(|| AppError::unauthorized("The account is gone."))?;
    Ok(Json(Me {
        id: profile.id,
        email: profile.email,
        name: profile.name,
        role: profile.role,
        vendor_id: session.vendor_id,
        second_factor: profile.second_factor,
        recovery_codes_left: profile.recovery_codes,
        last_login_at: profile.last_login_at,
        csrf_token: session.csrf,
    }))
}

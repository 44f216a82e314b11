//! `POST /api/v1/auth/second-factor/confirm`: puts the new secret in force.

use super::NO_STORE;
use crate::auth::identity::Identity;
use crate::auth::second_factor;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is sent.
#[derive(Deserialize, ToSchema)]
pub struct Code {
    /// Six digits, made with the new secret.
    code: String,
}

/// Codes for when the phone is gone; each works once. They have no `Debug`.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    pub(super) recovery_codes: Vec<String>,
}

/// 200 with the recovery codes, which are not shown again.
///
/// # Errors
/// 401, 409 without a secret to confirm, 422 when the code does not fit.
#[utoipa::path(
    post,
    path = "/api/v1/auth/second-factor/confirm",
    tag = "auth",
    request_body = Code,
    responses(
        (status = 200, description = "In force", body = RecoveryCodes),
        (status = 401, description = "Not logged in", body = Problem),
        (status = 409, description = "Nothing to confirm", body = Problem),
        (status = 422, description = "The code does not fit", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn second_factor_confirm(
    identity: Identity,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<Code>,
) -> AppResult<impl IntoResponse> {
    let recovery_codes = second_factor::confirm(&state, &identity, &sent.code).await?;
    Ok((NO_STORE, Json(RecoveryCodes { recovery_codes })))
}

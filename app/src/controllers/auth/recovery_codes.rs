//! `POST /api/v1/auth/recovery-codes`: new ones; takes the password.

use super::NO_STORE;
use super::second_factor_confirm::RecoveryCodes;
use super::second_factor_disable::Password;
use crate::auth::identity::Identity;
use crate::auth::{login, second_factor};
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;

/// 200 with ten codes; the old ones are void.
///
/// # Errors
/// 401, 409 without a second factor, 422 when the password is wrong.
#[utoipa::path(
    post,
    path = "/api/v1/auth/recovery-codes",
    tag = "auth",
    request_body = Password,
    responses(
        (status = 200, description = "New codes", body = RecoveryCodes),
        (status = 401, description = "Not logged in", body = Problem),
        (status = 409, description = "No second factor", body = Problem),
        (status = 422, description = "The password is wrong", body = Problem),
        (status = 429, description = "Too many guesses", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn recovery_codes(
    identity: Identity,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<Password>,
) -> AppResult<impl IntoResponse> {
    let email = &identity.session.email;
    login::again(&state, email, sent.password, identity.address).await?;
    let recovery_codes = second_factor::regenerate(&state, &identity).await?;
    Ok((NO_STORE, Json(RecoveryCodes { recovery_codes })))
}

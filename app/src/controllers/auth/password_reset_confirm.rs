//! `POST /api/v1/auth/password-reset/confirm`: sets a password with a link's
//! token.

use crate::auth::reset;
use crate::controllers::extract::{ClientAddress, JsonBody};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent. It has no `Debug`: it holds secrets.
#[derive(Deserialize, ToSchema)]
pub struct NewPassword {
    token: String,
    password: String,
}

/// 204. Every login of the account ends.
///
/// # Errors
/// 422 when the token does not work or the password is too weak, or 429.
#[utoipa::path(
    post,
    path = "/api/v1/auth/password-reset/confirm",
    tag = "auth",
    request_body = NewPassword,
    responses(
        (status = 204, description = "The password is set"),
        (status = 422, description = "A field is at fault", body = Problem),
        (status = 429, description = "Too many requests", body = Problem),
    ),
)]
pub async fn password_reset_confirm(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    JsonBody(sent): JsonBody<NewPassword>,
) -> AppResult<StatusCode> {
    reset::confirm(&state, &sent.token, sent.password, from).await?;
    Ok(StatusCode::NO_CONTENT)
}

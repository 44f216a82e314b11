//! `DELETE /api/v1/auth/second-factor`: removes it; takes the password.

use crate::auth::identity::Identity;
use crate::auth::{login, second_factor};
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent. It has no `Debug`: it holds a password.
#[derive(Deserialize, ToSchema)]
pub struct Password {
    pub(super) password: String,
}

/// 204. The recovery codes go with it.
///
/// # Errors
/// 401, 422 when the password is wrong, 429 after too many guesses.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/second-factor",
    tag = "auth",
    request_body = Password,
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Not logged in", body = Problem),
        (status = 422, description = "The password is wrong", body = Problem),
        (status = 429, description = "Too many guesses", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn second_factor_disable(
    identity: Identity,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<Password>,
) -> AppResult<StatusCode> {
    let email = &identity.session.email;
    login::again(&state, email, sent.password, identity.address).await?;
    second_factor::disable(&state, &identity).await?;
    Ok(StatusCode::NO_CONTENT)
}

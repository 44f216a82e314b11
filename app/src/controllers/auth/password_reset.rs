//! `POST /api/v1/auth/password-reset`: asks for a mail with a link that sets a
//! new password.

use crate::auth::reset;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Address {
    email: String,
}

/// 202, whether there is such an account or not.
///
/// # Errors
/// When the database is away, or 429.
#[utoipa::path(
    post,
    path = "/api/v1/auth/password-reset",
    tag = "auth",
    request_body = Address,
    responses(
        (status = 202, description = "A mail is on its way if there is such an account"),
        (status = 429, description = "Too many requests", body = Problem),
    ),
)]
pub async fn password_reset(
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<Address>,
) -> AppResult<StatusCode> {
    reset::request(&state, &sent.email).await?;
    Ok(StatusCode::ACCEPTED)
}

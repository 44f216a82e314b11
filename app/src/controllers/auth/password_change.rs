//! `POST /api/v1/auth/password`: a new password for someone who knows the old
//! one.

use crate::auth::identity::Identity;
use crate::auth::password_change as change;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent. It has no `Debug`: it holds passwords.
#[derive(Deserialize, ToSchema)]
pub struct Passwords {
    current_password: String,
    new_password: String,
}

/// 204. Every login of the account ends, this one too.
///
/// # Errors
/// 401, 422 with the field at fault, or 429.
#[utoipa::path(
    post,
    path = "/api/v1/auth/password",
    tag = "auth",
    request_body = Passwords,
    responses(
        (status = 204, description = "Changed; log in anew"),
        (status = 401, description = "Not logged in", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
        (status = 429, description = "Too many guesses", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn password_change(
    identity: Identity,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<Passwords>,
) -> AppResult<StatusCode> {
    change::change(&state, &identity, sent.current_password, sent.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `POST /api/v1/auth/login`: a bearer token for an address and a password.

use crate::auth::login;
use crate::auth::session::BEARER_TTL;
use crate::controllers::extract::{ClientAddress, JsonBody};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is sent. It has no `Debug`: it holds a password.
#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    email: String,
    password: String,
}

/// A token and how to use it (RFC 6750).
#[derive(Serialize, ToSchema)]
pub struct Token {
    access_token: String,
    token_type: &'static str,
    /// Seconds from now.
    expires_in: u64,
}

/// 200 with the token, 401, 422, or 429 after too many failures.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    request_body = Credentials,
    responses(
        (status = 200, description = "A token", body = Token),
        (status = 401, description = "Wrong address or password", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
        (status = 429, description = "Too many failures", body = Problem),
    ),
)]
pub async fn login(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    JsonBody(sent): JsonBody<Credentials>,
) -> AppResult<impl IntoResponse> {
    let user = login::login(&state, &sent.email, sent.password, from).await?;
    let token = state.auth.sessions.begin(&user, BEARER_TTL).await?;
    let body = Token {
        access_token: token,
        token_type: "bearer",
        expires_in: BEARER_TTL.as_secs(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)))
}

//! `POST /api/v1/auth/login`: a bearer token for an address and a password.

use crate::auth::login;
use crate::auth::session::BEARER_TTL;
use crate::controllers::extract::{ClientAddress, JsonBody};
use crate::errors::AppResult;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

/// What is sent. It has no `Debug`: it holds a password.
#[derive(Deserialize)]
pub struct Credentials {
    email: String,
    password: String,
}

/// 200 with the token, 401, 422, or 429 after too many failures.
///
/// # Errors
/// As problem documents.
pub async fn login(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    JsonBody(sent): JsonBody<Credentials>,
) -> AppResult<impl IntoResponse> {
    let user = login::login(&state, &sent.email, sent.password, from).await?;
    let token = state.auth.sessions.begin(&user, BEARER_TTL).await?;
    let body = json!({
        "access_token": token,
        "token_type": "bearer",
        "expires_in": BEARER_TTL.as_secs(),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)))
}

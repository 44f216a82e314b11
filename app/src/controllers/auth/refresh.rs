//! `POST /api/v1/auth/refresh`: the next pair of tokens for a refresh token.

use super::NO_STORE;
use super::login::Tokens;
use crate::auth::refresh;
use crate::controllers::extract::{ClientAddress, JsonBody, user_agent};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent. It has no `Debug`: it holds a secret.
#[derive(Deserialize, ToSchema)]
pub struct RefreshToken {
    pub(super) refresh_token: String,
}

/// 200 with the tokens, or 401. A token that is sent a second time ends its
/// login: one of the two senders stole it.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    request_body = RefreshToken,
    responses(
        (status = 200, description = "A pair of tokens", body = Tokens),
        (status = 401, description = "The token does not work (any more)", body = Problem),
    ),
)]
pub async fn refresh(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    JsonBody(sent): JsonBody<RefreshToken>,
) -> AppResult<impl IntoResponse> {
    let agent = user_agent(&headers);
    let pair = refresh::exchange(&state, &sent.refresh_token, from, agent).await?;
    Ok((NO_STORE, Json(Tokens::from(pair))))
}

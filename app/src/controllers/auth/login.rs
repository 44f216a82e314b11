//! `POST /api/v1/auth/login`: a pair of tokens for an address, a password, and
//! a code where the account has a second factor.

use super::NO_STORE;
use crate::auth::{access, login, refresh};
use crate::controllers::extract::{ClientAddress, JsonBody, user_agent};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::credentials;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is sent. It has no `Debug`: it holds a password.
#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    email: String,
    password: String,
    /// Six digits of the second factor, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

/// A pair of tokens and how to use them (RFC 6749, 5.1). It has no `Debug`: it
/// holds secrets.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    access_token: String,
    token_type: &'static str,
    /// Seconds from now.
    expires_in: i64,
    /// Works once, and gives the next pair.
    refresh_token: String,
    /// Seconds from now.
    refresh_expires_in: i64,
}

impl From<refresh::Pair> for Tokens {
    fn from(pair: refresh::Pair) -> Self {
        Self {
            access_token: pair.access,
            token_type: "bearer",
            expires_in: access::LIFE.whole_seconds(),
            refresh_token: pair.refresh,
            refresh_expires_in: refresh::LIFE.whole_seconds(),
        }
    }
}

/// 200 with the tokens; 401 for a wrong address or password, or when the field
/// `code` is missing or wrong; 422; or 429 after too many failures.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    request_body = Credentials,
    responses(
        (status = 200, description = "A pair of tokens", body = Tokens),
        (status = 401, description = "Wrong address or password, or a field `code` is needed", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
        (status = 429, description = "Too many failures", body = Problem),
    ),
)]
pub async fn login(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    JsonBody(sent): JsonBody<Credentials>,
) -> AppResult<impl IntoResponse> {
    let user = login::password(&state, &sent.email, sent.password, from).await?;
    if user.second_factor {
        let code = sent.code.filter(|code| !code.is_empty()).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED)
                .detail("This account has a second factor; send its code too.")
                .field("code", "is missing")
        })?;
        login::code(&state, user.id, &user.email, &code, from).await?;
    }
    credentials::logged_in(&state.pool, user.id, state.clock.now()).await?;
    let pair = refresh::begin(&state, user.id, from, user_agent(&headers)).await?;
    Ok((NO_STORE, Json(Tokens::from(pair))))
}

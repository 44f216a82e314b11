//! `POST /api/v1/auth/second-factor`: a secret for an app that makes codes.

use super::NO_STORE;
use crate::auth::identity::Identity;
use crate::auth::{qr, second_factor};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// A secret in three forms. It has no `Debug`.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// In base 32, for typing.
    secret: String,
    /// An `otpauth:` address.
    uri: String,
    /// The address as a QR code, a picture in SVG.
    qr_svg: String,
}

/// 200 with the secret, which is in force once it is confirmed; 401; or 409
/// when there is one in force.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/auth/second-factor",
    tag = "auth",
    responses(
        (status = 200, description = "A secret to confirm", body = Enrolment),
        (status = 401, description = "Not logged in", body = Problem),
        (status = 409, description = "One is in force", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn second_factor_enrol(
    identity: Identity,
    State(state): State<AppState>,
) -> AppResult<impl IntoResponse> {
    let made = second_factor::enrol(&state, &identity).await?;
    let body = Enrolment {
        qr_svg: qr::svg(&made.uri)?,
        secret: made.secret,
        uri: made.uri,
    };
    Ok((NO_STORE, Json(body)))
}

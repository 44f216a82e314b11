//! `POST /api/v1/users`: makes an account and invites its owner by mail.

use super::UserView;
use crate::auth::accounts::{self, New};
use crate::auth::identity::Identity;
use crate::controllers::extract::JsonBody;
use crate::domain::ids::VendorId;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::users::Role;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    email: String,
    #[serde(default)]
    name: String,
    role: Role,
    /// An owner's own shop when left out; needed from an administrator who
    /// makes an owner or staff.
    #[serde(default)]
    vendor_id: Option<VendorId>,
}

/// 201 with the account; a mail with a link that sets its password is on its
/// way.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    tag = "users",
    request_body = NewUser,
    responses(
        (status = 201, description = "Made and invited", body = UserView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not yours to make", body = Problem),
        (status = 404, description = "No such vendor", body = Problem),
        (status = 409, description = "The address is taken, or the plan is full", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn create_user(
    identity: Identity,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<NewUser>,
) -> AppResult<impl IntoResponse> {
    let new = New {
        email: sent.email,
        name: sent.name,
        role: sent.role,
        vendor: sent.vendor_id,
    };
    let made = accounts::create(&state, &identity, new).await?;
    let location = format!("/api/v1/users/{}", made.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(UserView::from(made)),
    ))
}

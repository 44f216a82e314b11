//! `PATCH /api/v1/users/{id}`: changes an account.

use super::UserView;
use crate::auth::accounts::{self, Changes};
use crate::auth::identity::Identity;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::users::Role;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChanges {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    is_active: Option<bool>,
}

/// 200 with the account as it is now. With another role, or switched off, it is
/// logged out everywhere.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{id}",
    tag = "users",
    params(("id" = Uuid, Path, description = "The account's id")),
    request_body = UserChanges,
    responses(
        (status = 200, description = "The account", body = UserView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not yours to change", body = Problem),
        (status = 404, description = "No such account", body = Problem),
        (status = 409, description = "The last one in charge", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn update_user(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
    JsonBody(sent): JsonBody<UserChanges>,
) -> AppResult<Json<UserView>> {
    let changes = Changes {
        name: sent.name,
        role: sent.role,
        is_active: sent.is_active,
    };
    let account = accounts::update(&state, &identity, id, changes).await?;
    Ok(Json(account.into()))
}

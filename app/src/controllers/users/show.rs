//! `GET /api/v1/users/{id}`: one account.

use super::UserView;
use crate::auth::accounts;
use crate::auth::identity::Identity;
use crate::controllers::extract::PathOf;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// 200 with the account, or 404 when there is none or it is another shop's.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}",
    tag = "users",
    params(("id" = Uuid, Path, description = "The account's id")),
    responses(
        (status = 200, description = "The account", body = UserView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Staff manage nobody", body = Problem),
        (status = 404, description = "No such account", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn show_user(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<UserView>> {
    let account = accounts::find(&state, &identity, id).await?;
    Ok(Json(account.into()))
}

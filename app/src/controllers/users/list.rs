//! `GET /api/v1/users?after=&limit=`: accounts, in the order they were made.

use super::UserView;
use crate::auth::accounts::scope;
use crate::auth::identity::Identity;
use crate::controllers::extract::QueryOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::accounts;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// Which part.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// The last id of the part before.
    after: Option<Uuid>,
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserPage)]
pub struct Listed {
    items: Vec<UserView>,
    /// What to send as `after` for the next part; none when this was the last.
    next: Option<Uuid>,
}

/// 200 with the accounts: an owner's shop's, or for administrators all.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "users",
    params(Part),
    responses(
        (status = 200, description = "Accounts", body = Listed),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Staff manage nobody", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list_users(
    identity: Identity,
    State(state): State<AppState>,
    QueryOf(part): QueryOf<Part>,
) -> AppResult<Json<Listed>> {
    let scope = scope(&identity)?;
    let limit = part.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(AppError::invalid(
            "limit",
            format!("must be from 1 to {MOST}"),
        ));
    }
    let after = part.after.unwrap_or(Uuid::nil());
    // One more than asked for tells whether there is a next part.
    let mut rows = accounts::list(&state.pool, scope, after, limit + 1).await?;
    let asked = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > asked;
    rows.truncate(asked);
    let next = more.then(|| rows.last().map(|row| row.id)).flatten();
    let items = rows.into_iter().map(UserView::from).collect();
    Ok(Json(Listed { items, next }))
}

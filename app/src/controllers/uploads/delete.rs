//! `DELETE /api/v1/uploads/{id}`: forgets a file; a job removes its bytes.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::files::removal;
use crate::state::AppState;
use crate::storage::Doing;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

/// 204, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    delete,
    path = "/api/v1/uploads/{id}",
    tag = "uploads",
    params(("id" = Uuid, Path, description = "The file")),
    responses(
        (status = 204, description = "It is gone, also from the products that showed it"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such file", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn delete(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<StatusCode> {
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let now = state.clock.now();
    if !removal::forget(&mut transaction, tenant.vendor, id, now).await? {
        return Err(AppError::not_found("There is no such file."));
    }
    transaction.commit().await.doing("commit a file's end")?;
    Ok(StatusCode::NO_CONTENT)
}

//! `DELETE /api/v1/uploads/{id}`: forgets a file; a job removes its bytes.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::delete_files::DeleteFiles;
use crate::state::AppState;
use crate::storage::{Doing, uploads};
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
    let row = uploads::delete(&mut *transaction, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such file."))?;
    let job = NewJob::of(&DeleteFiles {
        store: row.store,
        keys: row.keys().iter().map(ToString::to_string).collect(),
    })?;
    enqueue(
        &mut transaction,
        &job.vendor(tenant.vendor),
        state.clock.now(),
    )
    .await?;
    transaction.commit().await.doing("commit a file's end")?;
    Ok(StatusCode::NO_CONTENT)
}

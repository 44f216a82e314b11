//! `POST /api/v1/queues/{name}/purge`: deletes what waits in a queue, or what
//! died in it. The queue's name must be given twice: there is no way back.

use super::named;
use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::extract::{PathOf, QueryOf};
use crate::errors::{AppError, AppResult, Problem};
use crate::queue::control::{self, Purged};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is to go.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct What {
    /// queued or dead
    #[param(inline)]
    state: Purged,
    /// The queue's name again
    confirm: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Purge)]
pub struct Deleted {
    deleted: u64,
}

/// 200 with how many jobs are gone, or 422 when `confirm` is not the name.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/queues/{name}/purge",
    tag = "jobs",
    params(("name" = String, Path, description = "The queue"), What),
    responses(
        (status = 200, description = "How many jobs are gone", body = Deleted),
        (status = 400, description = "The state is neither queued nor dead", body = Problem),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 404, description = "There is no such queue", body = Problem),
        (status = 422, description = "Not confirmed", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn purge(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
    QueryOf(what): QueryOf<What>,
) -> AppResult<Json<Deleted>> {
    let queue = named(&name)?;
    if what.confirm.as_deref() != Some(queue.as_str()) {
        let detail = format!("must repeat the queue's name: confirm={queue}");
        return Err(AppError::invalid("confirm", detail));
    }
    let entry = Entry::by(&identity, "queue.purge", state.clock.now());
    let deleted = control::purge(&state.pool, queue, what.state, entry).await?;
    Ok(Json(Deleted { deleted }))
}

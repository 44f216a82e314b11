//! The queues as a whole, for programs of administrators.

pub mod list;
pub mod pause;
pub mod purge;
pub mod resume;

use crate::errors::{AppError, AppResult};
use crate::health::queue::ALIVE;
use crate::state::AppState;
use crate::storage::StorageError;
use crate::storage::queues::{self, QueueRow};
use onebox_model::QueueName;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The queues.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(pause::pause))
        .routes(routes!(resume::resume))
        .routes(routes!(purge::purge))
}

/// The queue a path names.
pub(super) fn named(name: &str) -> AppResult<QueueName> {
    name.parse()
        .map_err(|_| AppError::not_found("There is no such queue."))
}

/// How all queues stand.
pub(super) async fn all(state: &AppState) -> Result<Vec<QueueRow>, StorageError> {
    let names: Vec<&str> = onebox_model::queues::ALL
        .iter()
        .map(|queue| queue.as_str())
        .collect();
    let now = state.clock.now();
    queues::list(&state.pool, &names, now, now - ALIVE).await
}

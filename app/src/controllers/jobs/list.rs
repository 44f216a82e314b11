//! `GET /api/v1/jobs?state=&queue=&limit=`: the newest jobs.

use super::JobView;
use crate::auth::identity::Admin;
use crate::controllers::extract::QueryOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::jobs::{self, JobState};
use axum::Json;
use axum::extract::State;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const USUAL: i64 = 50;
const MOST: i64 = 500;

/// What may be asked for; an empty value asks for all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    state: Option<String>,
    queue: Option<String>,
    limit: Option<i64>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPage)]
pub struct Listed {
    items: Vec<JobView>,
}

/// 200 with up to `limit` jobs, newest first.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/jobs",
    tag = "jobs",
    params(Filter),
    responses(
        (status = 200, description = "Jobs, newest first", body = Listed),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    _admin: Admin,
    State(state): State<AppState>,
    QueryOf(filter): QueryOf<Filter>,
) -> AppResult<Json<Listed>> {
    let wanted = |text: Option<String>| text.filter(|text| !text.is_empty());
    let job_state = wanted(filter.state)
        .map(|text| text.parse::<JobState>())
        .transpose()
        .map_err(|error| AppError::invalid("state", error.to_string()))?;
    let queue = wanted(filter.queue)
        .map(|text| text.parse::<QueueName>())
        .transpose()
        .map_err(|error| AppError::invalid("queue", error.to_string()))?;
    let limit = filter.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(AppError::invalid(
            "limit",
            format!("must be from 1 to {MOST}"),
        ));
    }
    let rows = jobs::list(
        &state.pool,
        job_state,
        queue.map(|queue| queue.as_str()),
        limit,
    )
    .await?;
    Ok(Json(Listed {
        items: rows.into_iter().map(JobView::from).collect(),
    }))
}

//! `GET /api/v1/jobs`: jobs, newest first, filtered and page by page.

use super::{JobView, visible_to};
use crate::auth::identity::Identity;
use crate::controllers::extract::QueryOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::jobs::{self, JobState, Search};
use axum::Json;
use axum::extract::State;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const USUAL: i64 = 50;
const MOST: i64 = 500;

/// What may be asked for; an empty value asks for all.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// queued, running, done or dead
    pub(in crate::controllers) state: Option<String>,
    /// The queue's name
    pub(in crate::controllers) queue: Option<String>,
    /// The kind's name
    pub(in crate::controllers) kind: Option<String>,
    /// Text in the arguments or in the last error, or a job's id
    pub(in crate::controllers) q: Option<String>,
    /// What the page before gave as `next_cursor`
    pub(in crate::controllers) cursor: Option<String>,
    /// Jobs on a page, 50 unless told, at most 500
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub(in crate::controllers) limit: Option<i64>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPage)]
pub struct Listed {
    items: Vec<JobView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
}

impl Filter {
    /// The filter as storage wants it.
    ///
    /// # Errors
    /// With the parameter that is at fault.
    pub(in crate::controllers) fn search(self) -> AppResult<Search> {
        let wanted = |text: Option<String>| text.filter(|text| !text.is_empty());
        let job_state = wanted(self.state)
            .map(|text| text.parse::<JobState>())
            .transpose()
            .map_err(|error| AppError::invalid("state", error.to_string()))?;
        let queue = wanted(self.queue)
            .map(|text| text.parse::<QueueName>())
            .transpose()
            .map_err(|error| AppError::invalid("queue", error.to_string()))?;
        let before = wanted(self.cursor)
            .map(|text| text.parse::<Uuid>())
            .transpose()
            .map_err(|_| AppError::invalid("cursor", "is none that a page gave"))?;
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(AppError::invalid(
                "limit",
                format!("must be from 1 to {MOST}"),
            ));
        }
        Ok(Search {
            state: job_state,
            queue: queue.map(|queue| queue.as_str()),
            kind: wanted(self.kind),
            text: wanted(self.q),
            vendor: None,
            before,
            limit,
        })
    }
}

/// 200 with up to `limit` jobs, newest first. Administrators see every job,
/// a vendor's users see the vendor's.
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
        (status = 403, description = "The account belongs to no vendor", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    identity: Identity,
    State(state): State<AppState>,
    QueryOf(filter): QueryOf<Filter>,
) -> AppResult<Json<Listed>> {
    let mut search = filter.search()?;
    search.vendor = visible_to(&identity)?;
    let limit = search.limit;
    let rows = jobs::search(&state.pool, &search).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|rows| rows == limit);
    Ok(Json(Listed {
        next_cursor: rows.last().filter(|_| full).map(|row| row.id),
        items: rows.into_iter().map(JobView::from).collect(),
    }))
}

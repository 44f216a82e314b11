//! `POST /api/v1/jobs`: enqueues a job.

use super::JobView;
use crate::auth::identity::Admin;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppError, AppResult, Problem};
use crate::queue::enqueue::{NewJob, enqueue};
use crate::state::AppState;
use crate::storage::Doing;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use onebox_model::QueueName;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJobBody {
    kind: String,
    #[serde(default)]
    args: Value,
    queue: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    run_at: Option<OffsetDateTime>,
}

/// 202 with the job, 401, 403 or 422.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/jobs",
    tag = "jobs",
    request_body = NewJobBody,
    responses(
        (status = 202, description = "The job", body = JobView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    _admin: Admin,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<NewJobBody>,
) -> AppResult<impl IntoResponse> {
    let usual = state.registry.queue(&sent.kind);
    let field = if usual.is_some() { "args" } else { "kind" };
    let checked = state.registry.check(&sent.kind, sent.args.clone());
    let queue = match sent.queue {
        Some(name) => name
            .parse::<QueueName>()
            .map_err(|error| AppError::invalid("queue", error.to_string()))?,
        None => usual.unwrap_or(QueueName::Default),
    };
    checked.map_err(|why| AppError::invalid(field, why))?;

    let mut job = NewJob::raw(queue, sent.kind, sent.args);
    if let Some(run_at) = sent.run_at {
        job = job.at(run_at);
    }
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let row = enqueue(&mut transaction, &job, state.clock.now())
        .await?
        .into_row();
    transaction.commit().await.doing("commit the new job")?;

    let location = format!("/api/v1/jobs/{}", row.id);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(JobView::from(row)),
    ))
}

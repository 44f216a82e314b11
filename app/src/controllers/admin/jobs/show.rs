//! `GET /admin/jobs/{id}`: everything about one job, and what can be done.

use super::{PATH, span};
use crate::auth::identity::Admin;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::PathOf;
use crate::domain::zone::Zone;
use crate::errors::{AppError, AppResult};
use crate::pages::when::second;
use crate::queue::feedback::{self, Known};
use crate::state::AppState;
use crate::storage::jobs::{self, JobRow, JobState};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "jobs/show.html")]
struct Page {
    frame: Frame,
    times: Vec<(&'static str, String)>,
    args: String,
    result: Option<String>,
    known: Known,
    row: JobRow,
}

impl Page {
    fn can_retry(&self) -> bool {
        matches!(self.row.state, JobState::Queued | JobState::Dead)
    }

    fn can_cancel(&self) -> bool {
        let ends = matches!(self.row.state, JobState::Queued | JobState::Running);
        ends && self.row.cancel_requested_at.is_none()
    }

    fn can_delete(&self) -> bool {
        self.row.state != JobState::Running
    }
}

/// 200 with the page, or 404.
///
/// # Errors
/// When nobody is logged in, or the database fails.
pub async fn show(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Response> {
    let row = jobs::find(&state.pool, id)
        .await?
        .ok_or_else(|| AppError::not_found("There is no such job (any more)."))?;
    let known = feedback::read(&state.services, id).await;
    let pretty = |value: &serde_json::Value| {
        serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
    };
    let shown = Page {
        frame: Frame::new(identity, PATH),
        times: times(&row, &state.services.zone),
        args: pretty(&row.args),
        result: known.result.as_ref().map(pretty),
        known,
        row,
    };
    page(StatusCode::OK, &shown)
}

fn times(row: &JobRow, zone: &Zone) -> Vec<(&'static str, String)> {
    let moment = |at| second(at, zone);
    let mut times = vec![
        ("Created", moment(row.created_at)),
        ("Due", moment(row.run_at)),
    ];
    let started = row.started_at.map(|at| ("Last started", moment(at)));
    let finished = row.finished_at.map(|at| ("Finished", moment(at)));
    times.extend(started.into_iter().chain(finished));
    if let (Some(started), Some(finished)) = (row.started_at, row.finished_at) {
        let waited = (started - row.run_at).max(time::Duration::ZERO);
        times.push(("Waited", span(waited)));
        times.push((
            "Took",
            format!("{:.3} s", (finished - started).as_seconds_f64()),
        ));
    }
    if let Some(asked) = row.cancel_requested_at {
        times.push(("Cancelled", moment(asked)));
    }
    times
}

//! `GET /admin/jobs`: queues, workers, periodic jobs, and the jobs that were
//! looked for.

use super::{PATH, plots, span};
use crate::auth::identity::Admin;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::controllers::jobs::list::Filter;
use crate::controllers::queues;
use crate::errors::AppResult;
use crate::pages::when::second;
use crate::state::AppState;
use crate::storage::cron::{self, CronRow};
use crate::storage::jobs::{self, JobRow, JobState};
use crate::storage::queues::QueueRow;
use crate::storage::workers::{self, WorkerRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "jobs/index.html")]
struct Page {
    frame: Frame,
    queues: Vec<QueueLine>,
    plots: Vec<String>,
    workers: Vec<WorkerLine>,
    periodic: Vec<CronLine>,
    states: [JobState; 4],
    state: String,
    queue: String,
    kind: String,
    text: String,
    jobs: Vec<JobLine>,
    next: Option<Uuid>,
}

struct QueueLine {
    row: QueueRow,
    age: String,
}

struct WorkerLine {
    row: WorkerRow,
    heard: String,
}

struct CronLine {
    row: CronRow,
    next: String,
    last: String,
}

struct JobLine {
    row: JobRow,
    created: String,
}

/// 200 with the page.
///
/// # Errors
/// When nobody is logged in, a filter is at fault, or the database fails.
pub async fn index(
    Admin(identity): Admin,
    State(state): State<AppState>,
    QueryOf(filter): QueryOf<Filter>,
) -> AppResult<Response> {
    let now = state.clock.now();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (chosen_state, chosen_queue) = (text(&filter.state), text(&filter.queue));
    let (chosen_kind, chosen_text) = (text(&filter.kind), text(&filter.q));
    let search = filter.search()?;
    let rows = jobs::search(&state.pool, &search).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|rows| rows == search.limit);
    let zone = &state.services.zone;
    let shown = Page {
        frame: Frame::new(identity, PATH),
        queues: queues::all(&state)
            .await?
            .into_iter()
            .map(|row| QueueLine {
                age: row
                    .oldest_due_at
                    .map_or_else(|| "–".to_owned(), |due| span(now - due)),
                row,
            })
            .collect(),
        plots: plots::all(&state.pool, zone, now).await?,
        workers: workers::list(&state.pool)
            .await?
            .into_iter()
            .map(|row| WorkerLine {
                heard: span(now - row.heartbeat_at),
                row,
            })
            .collect(),
        periodic: cron::list(&state.pool)
            .await?
            .into_iter()
            .map(|row| CronLine {
                next: second(row.next_run_at, zone),
                last: row
                    .last_run_at
                    .map_or_else(|| "–".to_owned(), |at| second(at, zone)),
                row,
            })
            .collect(),
        states: [
            JobState::Queued,
            JobState::Running,
            JobState::Done,
            JobState::Dead,
        ],
        state: chosen_state,
        queue: chosen_queue,
        kind: chosen_kind,
        text: chosen_text,
        next: rows.last().filter(|_| full).map(|row| row.id),
        jobs: rows
            .into_iter()
            .map(|row| JobLine {
                created: second(row.created_at, zone),
                row,
            })
            .collect(),
    };
    page(StatusCode::OK, &shown)
}

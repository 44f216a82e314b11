//! `GET /admin`: how the box is, and what its queues do.

use super::frame::Frame;
use super::page;
use crate::auth::identity::Admin;
use crate::errors::AppResult;
use crate::health::{CheckStatus, Readiness, Report};
use crate::state::AppState;
use crate::storage::jobs::{self, JobRow, QueueStats, Search};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use time::OffsetDateTime;
use time::macros::format_description;

const JOBS: i64 = 50;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Page {
    frame: Frame,
    ready: bool,
    checks: Vec<CheckLine>,
    queues: Vec<QueueLine>,
    jobs: Vec<JobLine>,
}

struct CheckLine {
    name: &'static str,
    well: bool,
    latency: String,
    detail: String,
}

struct QueueLine {
    stats: QueueStats,
    age: String,
}

struct JobLine {
    row: JobRow,
    created: String,
}

/// 200 with the page.
///
/// # Errors
/// When Redis is away (nobody can be known), or the database fails midway.
pub async fn dashboard(
    Admin(identity): Admin,
    State(state): State<AppState>,
) -> AppResult<Response> {
    let now = state.clock.now();
    let report = state.health.report().await;
    let newest = Search {
        limit: JOBS,
        ..Search::default()
    };
    let shown = Page {
        frame: Frame::new(identity, "/admin"),
        ready: report.status == Readiness::Ready,
        checks: check_lines(report),
        queues: jobs::stats(&state.pool, now)
            .await?
            .into_iter()
            .map(|stats| QueueLine {
                age: age(stats.oldest_due_at, now),
                stats,
            })
            .collect(),
        jobs: jobs::search(&state.pool, &newest)
            .await?
            .into_iter()
            .map(|row| JobLine {
                created: moment(row.created_at),
                row,
            })
            .collect(),
    };
    page(StatusCode::OK, &shown)
}

fn check_lines(report: Report) -> Vec<CheckLine> {
    report
        .checks
        .into_iter()
        .map(|(name, check)| CheckLine {
            name,
            well: check.status == CheckStatus::Ok,
            latency: format!("{:.1} ms", check.latency_ms),
            detail: check.detail,
        })
        .collect()
}

fn age(due: Option<OffsetDateTime>, now: OffsetDateTime) -> String {
    due.map_or_else(
        || "–".to_owned(),
        |due| format!("{} s", (now - due).whole_seconds()),
    )
}

fn moment(at: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    at.format(form).unwrap_or_default()
}

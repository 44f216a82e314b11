//! `GET /admin/queues/{name}/purge?state=` asks, `POST` does it.

use super::PATH;
use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::{FormBody, PathOf, QueryOf};
use crate::controllers::queues;
use crate::errors::AppResult;
use crate::queue::control::{self, Purged};
use crate::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use onebox_model::QueueName;
use serde::Deserialize;

/// What is to go.
#[derive(Debug, Deserialize)]
pub struct What {
    state: Purged,
}

/// The answer to the question.
#[derive(Debug, Deserialize)]
pub struct Sent {
    csrf: String,
    state: Purged,
}

#[derive(Template)]
#[template(path = "jobs/purge.html")]
struct Page {
    frame: Frame,
    queue: QueueName,
    state: &'static str,
    jobs: i64,
}

/// 200 with the question.
///
/// # Errors
/// When nobody is logged in, there is no such queue, or the database fails.
pub async fn ask(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
    QueryOf(what): QueryOf<What>,
) -> AppResult<Response> {
    let queue = queues::named(&name)?;
    let jobs = queues::all(&state)
        .await?
        .into_iter()
        .filter(|row| row.queue == name)
        .map(|row| match what.state {
            Purged::Queued => row.due + row.scheduled,
            Purged::Dead => row.dead,
        })
        .sum();
    let shown = Page {
        frame: Frame::new(identity, PATH),
        queue,
        state: what.state.state().as_str(),
        jobs,
    };
    page(StatusCode::OK, &shown)
}

/// 303 to the dashboard.
///
/// # Errors
/// When the form is not this session's, there is no such queue, or the
/// database fails.
pub async fn purge(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let queue = queues::named(&name)?;
    let entry = Entry::by(&identity, "queue.purge", state.clock.now());
    control::purge(&state.pool, queue, sent.state, entry).await?;
    Ok(see_other(PATH))
}

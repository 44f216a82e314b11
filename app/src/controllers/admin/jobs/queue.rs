//! `POST /admin/queues/{name}/pause` or `resume`: the buttons of a queue.

use super::PATH;
use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::admin::{Confirmed, see_other};
use crate::controllers::extract::{FormBody, PathOf};
use crate::controllers::queues;
use crate::errors::AppResult;
use crate::queue::control;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

/// A button.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Workers leave the queue alone.
    Pause,
    /// They serve it again.
    Resume,
}

/// 303 to the dashboard.
///
/// # Errors
/// When the form is not this session's, there is no such queue, or the
/// database fails.
pub async fn act(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf((name, verb)): PathOf<(String, Verb)>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let queue = queues::named(&name)?;
    let now = state.clock.now();
    match verb {
        Verb::Pause => {
            let entry = Entry::by(&identity, "queue.pause", now);
            control::pause(&state.pool, queue, now, &identity.session.email, entry).await?;
        }
        Verb::Resume => {
            let entry = Entry::by(&identity, "queue.resume", now);
            control::resume(&state.pool, queue, entry).await?;
        }
    }
    Ok(see_other(PATH))
}

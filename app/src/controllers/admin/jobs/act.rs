//! `POST /admin/jobs/{id}/retry`, `cancel` or `delete`: the buttons of a job.

use super::PATH;
use crate::auth::audit::Entry;
use crate::auth::identity::Admin;
use crate::controllers::admin::Confirmed;
use crate::controllers::extract::{FormBody, PathOf};
use crate::errors::AppResult;
use crate::queue::control;
use crate::state::AppState;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

/// A button.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Due at once.
    Retry,
    /// Ended.
    Cancel,
    /// Gone.
    Delete,
}

/// 303 to the job, or to the dashboard when the job is gone.
///
/// # Errors
/// When the form is not this session's, the job's state does not allow it, or
/// the database fails.
pub async fn act(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf((id, verb)): PathOf<(Uuid, Verb)>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let now = state.clock.now();
    let entry = |action| Entry::by(&identity, action, now);
    let next = match verb {
        Verb::Retry => {
            control::retry(&state.pool, id, now, entry("job.retry")).await?;
            format!("{PATH}/{id}")
        }
        Verb::Cancel => {
            control::cancel(&state.pool, &state.cache, id, now, entry("job.cancel")).await?;
            format!("{PATH}/{id}")
        }
        Verb::Delete => {
            control::delete(&state.pool, id, entry("job.delete")).await?;
            PATH.to_owned()
        }
    };
    Ok(Redirect::to(&next).into_response())
}

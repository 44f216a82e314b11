//! Background jobs: administrators see and change all of them, a vendor's
//! users see the vendor's.

pub mod cancel;
pub mod create;
pub mod delete;
pub mod list;
pub mod retry;
pub mod show;

use crate::auth::identity::Identity;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult};
use crate::queue::feedback::{Known, Progress};
use crate::state::AppState;
use crate::storage::jobs::{AttemptError, JobRow, JobState};
use crate::storage::users::Role;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// The queue.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show, delete::delete))
        .routes(routes!(retry::retry))
        .routes(routes!(cancel::cancel))
}

/// Whose jobs someone may see; `None` for everyone's.
fn visible_to(identity: &Identity) -> AppResult<Option<VendorId>> {
    match (identity.session.role, identity.session.vendor_id) {
        (Role::Admin, _) => Ok(None),
        (Role::Owner | Role::Staff, Some(vendor)) => Ok(Some(vendor)),
        (Role::Owner | Role::Staff, None) => {
            Err(AppError::forbidden("This account belongs to no vendor."))
        }
    }
}

/// A job as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    id: Uuid,
    queue: String,
    kind: String,
    args: Value,
    state: JobState,
    priority: i16,
    attempt: i32,
    max_attempts: i32,
    last_error: Option<String>,
    errors: Vec<AttemptError>,
    vendor_id: Option<VendorId>,
    #[serde(with = "time::serde::rfc3339::option")]
    cancel_requested_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    run_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
    /// How far it is, as far as it told; only where one job is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    /// What it left, kept a day; only where one job is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
}

impl JobView {
    pub(super) fn with(mut self, known: Known) -> Self {
        self.progress = known.progress;
        self.result = known.result;
        self
    }
}

impl From<JobRow> for JobView {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            queue: row.queue,
            kind: row.kind,
            args: row.args,
            state: row.state,
            priority: row.priority,
            attempt: row.attempt,
            max_attempts: row.max_attempts,
            last_error: row.last_error,
            errors: row.errors,
            vendor_id: row.vendor_id,
            cancel_requested_at: row.cancel_requested_at,
            run_at: row.run_at,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            progress: None,
            result: None,
        }
    }
}

/// One line of a table.
impl fmt::Display for JobView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let created = self.created_at.truncate_to_second().format(&Rfc3339);
        let error = self.last_error.as_deref().unwrap_or_default();
        write!(
            f,
            "{} {:<8} {:<20} {:<8} {:>7} {:<20} {}",
            self.id,
            self.queue,
            self.kind,
            self.state,
            format!("{}/{}", self.attempt, self.max_attempts),
            created.unwrap_or_default(),
            error.lines().next().unwrap_or_default()
        )
    }
}

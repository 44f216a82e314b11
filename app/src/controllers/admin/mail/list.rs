//! `GET /admin/mail`: the latest mails, and what became of them.

use crate::auth::identity::Admin;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::domain::words;
use crate::errors::AppResult;
use crate::state::AppState;
use crate::storage::mails::{self, MailRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use time::OffsetDateTime;

const MAILS: i64 = 50;

/// Where the list goes on.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Microseconds since the epoch; mails from before that moment.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "mails.html")]
struct Shown {
    frame: Frame,
    transport: &'static str,
    mails: Vec<Line>,
    next: Option<i128>,
}

struct Line {
    row: MailRow,
    created: String,
}

/// 200 with the page.
///
/// # Errors
/// When the asker is no administrator, or the database is away.
pub async fn list(
    Admin(identity): Admin,
    State(state): State<AppState>,
    QueryOf(asked): QueryOf<Page>,
) -> AppResult<Response> {
    let before = asked.before.and_then(|micros| {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()
    });
    let rows = mails::list(&state.pool, before, MAILS).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|rows| rows == MAILS);
    let last = rows.last().filter(|_| full);
    let shown = Shown {
        frame: Frame::new(identity, "/admin/mail"),
        transport: state.services.mailer.transport().name(),
        next: last.map(|row| row.created_at.unix_timestamp_nanos() / 1000),
        mails: rows
            .into_iter()
            .map(|row| Line {
                created: words::moment(row.created_at, &state.services.zone),
                row,
            })
            .collect(),
    };
    page(StatusCode::OK, &shown)
}

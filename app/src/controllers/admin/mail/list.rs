//! `GET /admin/mail`: the latest mails, and what became of them.

use crate::auth::identity::Admin;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::domain::words;
use crate::errors::AppResult;
use crate::secrets::{Place, Sealer};
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
    text: String,
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
                text: text(&row, &state.services.sealer),
                row,
            })
            .collect(),
    };
    page(StatusCode::OK, &shown)
}

/// What the mail said, where that is kept. One that does not open is no reason
/// not to show the others.
fn text(row: &MailRow, sealer: &Sealer) -> String {
    let Some(sealed) = &row.text_sealed else {
        return row.text_body.clone();
    };
    match sealer.open(Place::MailTexts.of(row.job_id), sealed) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => {
            tracing::warn!("{error}");
            "(The text is sealed with a key that this box does not have.)".to_owned()
        }
    }
}

//! `GET /admin/account`: one's own account.

use crate::auth::identity::Identity;
use crate::auth::logins::{self, Login};
use crate::auth::{qr, second_factor};
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::errors::{AppError, AppResult};
use crate::pages::when;
use crate::state::AppState;
use crate::storage::credentials::{self, ProfileRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    account: ProfileRow,
    pending: Option<Pending>,
    recovery_codes: Vec<String>,
    logins: Vec<Line>,
    error: Option<String>,
}

struct Pending {
    secret: String,
    picture: String,
}

struct Line {
    login: Login,
    began: String,
}

/// 200 with the page.
///
/// # Errors
/// When the database or Redis is away.
pub async fn account(identity: Identity, State(state): State<AppState>) -> AppResult<Response> {
    render(&state, identity, StatusCode::OK, Vec::new(), None).await
}

/// The page again, with new recovery codes.
pub(super) async fn with_codes(
    state: &AppState,
    identity: Identity,
    codes: Vec<String>,
) -> AppResult<Response> {
    render(state, identity, StatusCode::OK, codes, None).await
}

/// The page again, with what was wrong with a form; other errors pass through.
pub(super) async fn with_error(
    state: &AppState,
    identity: Identity,
    error: AppError,
) -> AppResult<Response> {
    let AppError::Problem(problem) = error else {
        return Err(error);
    };
    let fields = problem
        .fields()
        .iter()
        .map(|field| format!("The {} {}.", field.field, field.detail));
    let text = fields.collect::<Vec<_>>().join(" ");
    let text = if text.is_empty() {
        problem.detail_text().unwrap_or_default().to_owned()
    } else {
        text
    };
    let status = AppError::Problem(problem).into_response().status();
    render(state, identity, status, Vec::new(), Some(text)).await
}

async fn render(
    state: &AppState,
    identity: Identity,
    status: StatusCode,
    recovery_codes: Vec<String>,
    error: Option<String>,
) -> AppResult<Response> {
    let account = credentials::profile(&state.pool, identity.session.user_id)
        .await?
        .ok_or_else(|| AppError::unauthorized("The account is gone."))?;
    let pending = match second_factor::pending(state, &identity).await? {
        Some(made) => Some(Pending {
            picture: qr::svg(&made.uri)?,
            secret: made.secret,
        }),
        None => None,
    };
    let logins = logins::list(state, &identity)
        .await?
        .into_iter()
        .map(|login| Line {
            began: when::minute(login.began_at, &state.services.zone),
            login,
        })
        .collect();
    let shown = Page {
        frame: Frame::new(identity, "/admin/account"),
        account,
        pending,
        recovery_codes,
        logins,
        error,
    };
    page(status, &shown)
}

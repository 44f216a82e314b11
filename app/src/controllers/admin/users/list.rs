//! `/admin/users`: who may log in, and a form to invite somebody.

use crate::auth::accounts::{self as people, New};
use crate::auth::identity::Identity;
use crate::controllers::admin::access::Visitor;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::{FormBody, QueryOf};
use crate::errors::{AppError, AppResult};
use crate::pages::form::Form;
use crate::pages::link;
use crate::state::AppState;
use crate::storage::accounts;
use crate::storage::credentials::ProfileRow;
use crate::storage::users::{Role, UnknownRole};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

/// Accounts on one page.
const PAGE: usize = 50;

/// What may be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    after: Uuid,
}

/// What a browser sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    email: String,
    name: String,
    role: String,
}

#[derive(Template)]
#[template(path = "admin/users.html")]
struct Page {
    frame: Frame,
    form: Form,
    users: Vec<User>,
    next: Option<String>,
}

/// An account as it is shown.
struct User {
    row: ProfileRow,
    role: &'static str,
}

impl std::ops::Deref for User {
    type Target = ProfileRow;

    fn deref(&self) -> &ProfileRow {
        &self.row
    }
}

/// 200 with the page.
///
/// # Errors
/// 403 for staff; when the database fails.
pub async fn list(
    Visitor(identity): Visitor,
    State(state): State<AppState>,
    QueryOf(asked): QueryOf<Asked>,
) -> AppResult<Response> {
    let form = form("", "", "staff");
    render(&state, identity, asked.after, StatusCode::OK, form).await
}

/// 303 back to the list, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn invite(
    Visitor(identity): Visitor,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let role: Role = sent
        .role
        .parse()
        .map_err(|error: UnknownRole| AppError::invalid("role", error.to_string()))?;
    let new = New {
        email: sent.email.trim().to_owned(),
        name: sent.name.trim().to_owned(),
        role,
        vendor: identity.session.vendor_id.filter(|_| role != Role::Admin),
    };
    match people::create(&state, &identity, new).await {
        Ok(_) => Ok(see_other("/admin/users")),
        Err(error) => {
            let form = form(&sent.email, &sent.name, &sent.role).refused(error)?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render(&state, identity, Uuid::nil(), status, form).await
        }
    }
}

fn form(email: &str, name: &str, role: &str) -> Form {
    Form::new()
        .with("email", email)
        .with("name", name)
        .with("role", role)
        .requires(&["email"])
}

pub(super) async fn render(
    state: &AppState,
    identity: Identity,
    after: Uuid,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    let scope = people::scope(&identity)?;
    let mut rows = accounts::list(&state.pool, scope, after, PAGE as i64 + 1).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| link::with("/admin/users", &[("after", &last.id.to_string())]));
    let users = rows
        .into_iter()
        .map(|row| User {
            role: row.role.as_str(),
            row,
        })
        .collect();
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/users"),
            form,
            users,
            next,
        },
    )
}

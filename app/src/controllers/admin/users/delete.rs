//! `/admin/users/{id}/delete`: asks, then deletes.

use super::list::render;
use crate::auth::accounts as people;
use crate::controllers::admin::access::Visitor;
use crate::controllers::admin::confirm::{self, Question};
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{Confirmed, see_other};
use crate::controllers::extract::{FormBody, PathOf};
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

/// 200 with the question, or 404.
///
/// # Errors
/// When the database fails.
pub async fn show(
    Visitor(identity): Visitor,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Response> {
    let user = people::find(&state, &identity, id).await?;
    confirm::ask(
        Frame::new(identity, "/admin/users"),
        &Question {
            question: &format!("Delete the account of {}?", user.email),
            consequence: "The person is logged out and cannot log in again. The audit log keeps what they did.",
            action: "Delete the account",
            back: "/admin/users",
        },
    )
}

/// 303 to the list, or the list with what stands against it.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn delete(
    Visitor(identity): Visitor,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    match people::delete(&state, &identity, id).await {
        Ok(()) => Ok(see_other("/admin/users")),
        Err(error) => {
            let form = Form::new().refused(error)?;
            render(&state, identity, Uuid::nil(), StatusCode::CONFLICT, form).await
        }
    }
}

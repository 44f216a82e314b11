//! `GET /admin/mail/preview`: the templates.

use crate::auth::identity::Admin;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::errors::AppResult;
use crate::mail::preview;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "mail_previews.html")]
struct Shown {
    frame: Frame,
    templates: &'static [(&'static str, &'static str)],
}

/// 200 with the page.
///
/// # Errors
/// When the asker is no administrator.
pub async fn previews(Admin(identity): Admin) -> AppResult<Response> {
    let shown = Shown {
        frame: Frame::new(identity, "/admin/mail"),
        templates: &preview::ALL,
    };
    page(StatusCode::OK, &shown)
}

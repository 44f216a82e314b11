//! The page that asks before something cannot be undone.

use super::frame::Frame;
use super::page;
use crate::errors::AppResult;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The question.
    pub question: &'a str,
    /// What happens then.
    pub consequence: &'a str,
    /// The button's words.
    pub action: &'a str,
    /// Where "no" leads.
    pub back: &'a str,
}

#[derive(Template)]
#[template(path = "admin/confirm.html")]
struct Page<'a> {
    frame: Frame,
    question: &'a str,
    consequence: &'a str,
    action: &'a str,
    back: &'a str,
}

/// 200 with the question. "Yes" posts to the page's own address.
///
/// # Errors
/// When the page cannot be made.
pub fn ask(frame: Frame, asked: &Question<'_>) -> AppResult<Response> {
    let Question {
        question,
        consequence,
        action,
        back,
    } = *asked;
    page(
        StatusCode::OK,
        &Page {
            frame,
            question,
            consequence,
            action,
            back,
        },
    )
}

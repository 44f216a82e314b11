//! `GET /admin/mail/preview/{template}`: a template with sample data. The mail
//! itself is in a frame that may do nothing; `?format=html` is what is in it,
//! `?format=text` the text form.

use crate::auth::identity::Admin;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::{PathOf, QueryOf};
use crate::errors::{AppError, AppResult};
use crate::mail::preview::{self, Sample};
use crate::mail::templates::STYLE;
use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// Which form is wanted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The HTML body alone.
    Html,
    /// The text body alone.
    Text,
}

/// What is asked for.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// A body alone; the page around it when left out.
    format: Option<Format>,
}

#[derive(Template)]
#[template(path = "mail_preview.html")]
struct Shown {
    frame: Frame,
    name: String,
    sample: Sample,
}

/// 200 with the page or the body, or 404.
///
/// # Errors
/// When the asker is no administrator, or there is no such template.
pub async fn preview(
    Admin(identity): Admin,
    PathOf(name): PathOf<String>,
    QueryOf(asked): QueryOf<Asked>,
) -> AppResult<Response> {
    let sample = preview::sample(&name)
        .map_err(|error| AppError::Internal(error.to_string()))?
        .ok_or_else(|| AppError::not_found("There is no such template."))?;
    match asked.format {
        None => page(
            StatusCode::OK,
            &Shown {
                frame: Frame::new(identity, "/admin/mail"),
                name,
                sample,
            },
        ),
        Some(Format::Text) => {
            let headers = [(header::CACHE_CONTROL, "no-store")];
            Ok((headers, sample.bodies.text).into_response())
        }
        Some(Format::Html) => Ok(framed(sample.bodies.html)),
    }
}

/// A mail's HTML, as it may be shown inside one of our pages: no script, no
/// form, nothing from elsewhere, and of styles the mails' own only.
fn framed(html: String) -> Response {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy =
        format!("sandbox; default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'self'");
    let mut response = ([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response();
    let headers = response.headers_mut();
    // Base64 has no character that a header may not have.
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(
            header::X_FRAME_OPTIONS,
            HeaderValue::from_static("SAMEORIGIN"),
        );
    }
    response
}

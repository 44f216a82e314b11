//! Browsers get a page where programs get a problem document; who opens a page
//! of the back office without being logged in is sent to the form.

use crate::errors::Problem;
use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    problem: &'a Problem,
}

/// Replaces a problem document by a page when the request came from a browser
/// that shows it to a person.
pub async fn apply(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let back_office = path == "/admin" || path.starts_with("/admin/");
    let for_a_person = wants_html(request.headers()) && !path.starts_with("/api/");
    let response = next.run(request).await;
    let stranger = response.status() == StatusCode::UNAUTHORIZED;
    if back_office && stranger && response.extensions().get::<Problem>().is_some() {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, "/admin/login")]).into_response();
    }
    if !for_a_person {
        return response;
    }
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let Ok(html) = (Page { problem }).render() else {
        return response;
    };
    let (mut parts, _document) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    Response::from_parts(parts, html.into())
}

/// Whether HTML is named in `Accept` (RFC 9110, section 12.5.1); programs that
/// take anything do not name it.
fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let kind = range.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("text/html")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        wants_html(&headers)
    }

    #[test]
    fn only_who_names_html_gets_it() {
        assert!(wants("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(wants("application/json, Text/HTML;q=0.1"));
        assert!(!wants("*/*"));
        assert!(!wants("application/json"));
        assert!(!wants_html(&HeaderMap::new()));
    }
}

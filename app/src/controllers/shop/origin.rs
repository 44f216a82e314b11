//! Whether a form was sent from a page of ours. Visitors have no session whose
//! token a form could carry; the browser itself says where a request comes
//! from (Fetch Metadata, `Sec-Fetch-Site`; `Origin` in older ones).

use crate::errors::AppError;
use axum::http::{HeaderMap, header};

/// Refuses what another site sent.
///
/// # Errors
/// 403 when the browser says so.
pub fn check(headers: &HeaderMap) -> Result<(), AppError> {
    if is_ours(headers) {
        Ok(())
    } else {
        Err(AppError::forbidden("This form is not from this site."))
    }
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text(header::HOST.as_str())) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, name)| name.eq_ignore_ascii_case(host)),
        // Over HTTP/2 the host is in the request's target, and such browsers
        // send the other header. Programs send neither.
        (Some(_), None) => false,
        (None, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn another_sites_form_is_refused() {
        assert!(is_ours(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(!is_ours(&headers(&[("sec-fetch-site", "cross-site")])));
        assert!(!is_ours(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(is_ours(&headers(&[
            ("origin", "https://shop.example"),
            ("host", "shop.example")
        ])));
        assert!(!is_ours(&headers(&[
            ("origin", "https://evil.example"),
            ("host", "shop.example")
        ])));
        assert!(!is_ours(&headers(&[("origin", "null"), ("host", "a")])));
        assert!(is_ours(&HeaderMap::new()));
    }
}

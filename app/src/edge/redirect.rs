//! Port 80: everything goes to https, except where certificate authorities
//! will look for proofs.

use super::acme::{self, Proofs};
use crate::errors::Problem;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// Answers on port 80.
pub fn router(proofs: Proofs) -> Router {
    acme::router(proofs).fallback(redirect)
}

async fn redirect(request: Request) -> Response {
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| {
            request
                .headers()
                .get(header::HOST)
                .and_then(|host| host.to_str().ok())
        });
    let target = host
        .and_then(host_without_port)
        .and_then(|host| target(host, request.uri()));
    match target {
        Some(location) => (
            StatusCode::PERMANENT_REDIRECT,
            [(header::LOCATION, location)],
        )
            .into_response(),
        None => Problem::new(StatusCode::BAD_REQUEST)
            .detail("The Host header is missing or is not a host name.")
            .into_response(),
    }
}

fn target(host: &str, uri: &Uri) -> Option<HeaderValue> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    HeaderValue::try_from(format!("https://{host}{path}")).ok()
}

/// The host of a Host header; `None` when it is none. What is let through here
/// ends up in a Location header, so only the letters of host names and
/// addresses are.
fn host_without_port(text: &str) -> Option<&str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')?;
            let address = rest.get(..end)?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (text.get(..end + 2)?, text.get(end + 2..)?)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (host, port) = text.split_at(end);
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            let sound = !host.is_empty()
                && host.len() <= 253
                && !host.starts_with(['.', '-'])
                && host.bytes().all(letters);
            (sound.then_some(host)?, port)
        }
    };
    let port_is_sound = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok());
    port_is_sound.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_left_out() {
        assert_eq!(host_without_port("shop.example:8080"), Some("shop.example"));
        assert_eq!(host_without_port("[2001:db8::1]:80"), Some("[2001:db8::1]"));
        assert_eq!(host_without_port("192.0.2.1"), Some("192.0.2.1"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            ":80",
            "a/b",
            "a@b",
            "a b",
            "a\\b",
            "[::1",
            "[zz]",
            "a:b",
            "a:99999",
            "é.example",
            ".a",
        ] {
            assert_eq!(host_without_port(bad), None, "{bad:?}");
        }
    }

    async fn get(host: Option<&str>, path: &str) -> Response {
        use tower::ServiceExt;
        let mut request = axum::http::Request::get(path);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        router(Proofs::below("/nonexistent".as_ref()))
            .oneshot(request.body(axum::body::Body::empty()).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn host_path_and_query_are_kept() {
        let response = get(Some("shop.example:8080"), "/a/b?c=d").await;
        assert_eq!(response.status(), 308);
        assert_eq!(
            response.headers()["location"],
            "https://shop.example/a/b?c=d"
        );
    }

    #[tokio::test]
    async fn without_a_host_there_is_nowhere_to_go() {
        assert_eq!(get(None, "/").await.status(), 400);
        assert_eq!(get(Some("a@evil.example"), "/").await.status(), 400);
    }

    #[tokio::test]
    async fn challenges_are_not_redirected() {
        for path in ["x", "", "x/y", "x/", "..%2fx", "%2e%2e"] {
            let path = format!("/.well-known/acme-challenge/{path}");
            let response = get(Some("shop.example"), &path).await;
            assert_eq!(response.status(), 404, "{path}");
        }
    }
}

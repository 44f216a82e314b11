//! How an authority is reached. The library's own client waits for ever, reads
//! whatever it is sent and believes any `Retry-After`; this one does not.

use super::error::HttpError;
use axum::body::Bytes;
use axum::http::header::{HeaderMap, HeaderValue, LINK, RETRY_AFTER, USER_AGENT};
use axum::http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

/// A directory, an order or a chain is some kilobytes.
const MOST: usize = 1024 * 1024;
/// An answer longer than this in an error is cut.
const SHOWN: usize = 300;
/// Between two looks at an order.
const LONGEST_POLL: Duration = Duration::seconds(10);
const AGENT: &str = concat!("onebox/", env!("CARGO_PKG_VERSION"));

/// How long to wait for an authority.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) connect: std::time::Duration,
    pub(crate) answer: std::time::Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: std::time::Duration::from_secs(10),
            answer: std::time::Duration::from_secs(30),
        }
    }
}

/// A client for one authority.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    /// The other chains that came with the last certificate.
    alternates: Arc<Mutex<Vec<String>>>,
}

/// No client can be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The roots cannot be read.
    #[error(
        "acme.ca_file: no certificate can be read from {file}: {why}; write PEM certificates into it"
    )]
    Roots { file: String, why: String },
    /// Something about TLS.
    #[error("no TLS client can be made: {0}")]
    Tls(#[from] rustls::Error),
    /// Something about HTTP.
    #[error("no HTTP client can be made: {0}")]
    Client(#[from] reqwest::Error),
}

impl Http {
    /// A client that trusts these roots, or the system's.
    pub(crate) fn new(ca_file: Option<&Path>, patience: Patience) -> Result<Self, ClientError> {
        Ok(Self {
            client: client(ca_file, patience)?,
            alternates: Arc::default(),
        })
    }

    /// URLs of the other chains that came with the last certificate.
    pub(crate) fn alternates(&self) -> Vec<String> {
        let alternates = self.alternates.lock();
        alternates.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One request with the answer as it came, but for its size and
    /// `Retry-After`.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: String,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, HttpError> {
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let no_answer = |error: reqwest::Error| HttpError::NoAnswer {
            url: shown(&url),
            why: causes(&error),
        };
        let is_get = method == Method::GET;
        let mut answer = self
            .client
            .request(method, &url)
            .headers(headers)
            .body(body)
            .send()
            .await
            .map_err(no_answer)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
            if bytes.len() + chunk.len() > MOST {
                return Err(HttpError::NoAnswer {
                    url: shown(&url),
                    why: format!("the answer is larger than {MOST} bytes"),
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        let retry_after = retry_after(answer.headers(), OffsetDateTime::now_utc());
        let status = answer.status();
        let is_problem = serde_json::from_slice::<serde_json::Value>(&bytes)
            .is_ok_and(|value| value.get("type").is_some() || value.get("detail").is_some());
        let is_fault = status.is_server_error() || status == 429;
        if is_fault || (status.is_client_error() && !is_problem) {
            return Err(HttpError::Status {
                url: shown(&url),
                status: status.as_u16(),
                problem: said(&bytes),
                retry_after,
            });
        }
        let mut response = Response::new(Bytes::from(bytes));
        *response.status_mut() = status;
        *response.headers_mut() = answer.headers().clone();
        // The library adds whatever stands there to the clock; and it refuses
        // renewal information that says nothing of when to ask again. Of an order
        // that is being processed some say a day, and are done in seconds.
        let wait = match is_get {
            true => retry_after.or(Some(Duration::hours(6))),
            false => retry_after.map(|wait| wait.min(LONGEST_POLL)),
        };
        response.headers_mut().remove(RETRY_AFTER);
        if let Some(wait) = wait {
            let seconds = HeaderValue::from(wait.whole_seconds().unsigned_abs());
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        self.remember_alternates(response.headers());
        Ok(response)
    }

    fn remember_alternates(&self, headers: &HeaderMap) {
        let is_chain = headers.get("content-type").is_some_and(|kind| {
            kind.as_bytes()
                .starts_with(b"application/pem-certificate-chain")
        });
        if is_chain {
            let links = headers.get_all(LINK).iter().filter_map(alternate).collect();
            *self
                .alternates
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = links;
        }
    }
}

impl HttpClient for Http {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(never) => match never {},
            };
            let answer = client
                .send(parts.method, parts.uri.to_string(), parts.headers, body)
                .await
                .map_err(|error| instant_acme::Error::Other(Box::new(error)))?;
            Ok(BytesResponse::from(answer.map(Full::new)))
        })
    }
}

/// A client with these roots and times.
pub(crate) fn client(
    ca_file: Option<&Path>,
    patience: Patience,
) -> Result<reqwest::Client, ClientError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca_file)?)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(patience.connect)
        .timeout(patience.answer)
        .redirect(reqwest::redirect::Policy::limited(3))
        .build()?)
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, ClientError> {
    let mut store = RootCertStore::empty();
    let Some(file) = ca_file else {
        let found = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(found.certs);
        return Ok(store);
    };
    let refused = |why: String| ClientError::Roots {
        file: file.display().to_string(),
        why,
    };
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| refused(error.to_string()))?;
    if certificates.is_empty() {
        return Err(refused("there is none".to_owned()));
    }
    for certificate in certificates {
        store
            .add(certificate)
            .map_err(|error| refused(error.to_string()))?;
    }
    Ok(store)
}

/// Seconds or a date (RFC 9110, 10.2.3), at most a day.
fn retry_after(headers: &HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if digits {
        // Too many digits for a number are too long a wait.
        text.parse().map_or(Duration::MAX, Duration::seconds)
    } else {
        let at = OffsetDateTime::parse(text, &Rfc2822).ok()?;
        (at - now).max(Duration::ZERO)
    };
    Some(wait.min(super::schedule::LONGEST_WAIT))
}

/// The target of a link to another chain (RFC 8555, 7.4.2).
fn alternate(link: &HeaderValue) -> Option<String> {
    let (target, rest) = link.to_str().ok()?.strip_prefix('<')?.split_once('>')?;
    let is_alternate = rest
        .split(';')
        .any(|part| matches!(part.trim(), "rel=\"alternate\"" | "rel=alternate"));
    is_alternate.then(|| target.to_owned())
}

/// A URL without what identifies an order: enough to know who was asked.
fn shown(url: &str) -> String {
    url.chars().take(200).collect()
}

/// What an answer says, on one line.
fn said(bytes: &[u8]) -> String {
    let problem = serde_json::from_slice::<instant_acme::Problem>(bytes)
        .ok()
        .filter(|problem| problem.detail.is_some());
    if let Some(problem) = problem {
        return super::error::words(&problem);
    }
    let text = String::from_utf8_lossy(bytes.get(..SHOWN.min(bytes.len())).unwrap_or_default());
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match text.trim() {
        "" => "nothing was said".to_owned(),
        text => text.to_owned(),
    }
}

/// An error and what lies behind it: the outermost says only that a request
/// failed.
fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        next = error.source();
        // The outermost repeats the URL and says nothing else.
        if next.is_some() && text.is_empty() && !error.to_string().contains("timed out") {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn wait(text: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
        retry_after(&headers, NOW)
    }

    #[test]
    fn a_wait_is_a_day_at_most_whatever_is_said() {
        assert_eq!(wait("120"), Some(Duration::minutes(2)));
        for hostile in [
            "86401",
            "18446744073709551615",
            "99999999999999999999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert_eq!(wait(hostile), Some(Duration::hours(24)), "{hostile}");
        }
        assert_eq!(
            wait("Thu, 01 Jan 1970 00:10:00 GMT"),
            Some(Duration::minutes(10))
        );
        assert_eq!(wait("Wed, 31 Dec 1969 00:10:00 GMT"), Some(Duration::ZERO));
        for none in ["", "-5", "soon", "1.5"] {
            assert_eq!(wait(none), None, "{none}");
        }
    }

    #[test]
    fn links_to_other_chains_are_found_among_others() {
        let target = |text| alternate(&HeaderValue::from_static(text));
        assert_eq!(
            target("<https://ca.example/1>;rel=\"alternate\"").as_deref(),
            Some("https://ca.example/1")
        );
        assert_eq!(target("<https://ca.example/dir>;rel=\"index\""), None);
        assert_eq!(target("garbage"), None);
    }

    #[test]
    fn what_was_said_is_one_short_line() {
        assert_eq!(said(b""), "nothing was said");
        assert_eq!(said(b"{\"detail\":\"too many\"}"), "too many");
        let page = format!("<html>\n{}", "x".repeat(5000));
        let text = said(page.as_bytes());
        assert!(text.len() <= SHOWN && !text.contains('\n'));
    }
}

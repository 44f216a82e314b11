//! Asking another service, and telling what may get better from what will not.

use crate::outbound::{self, ForbiddenAddress, Outbound};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, ETAG, HeaderMap, HeaderValue,
    LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::{Response, StatusCode};
use std::error::Error as _;
use std::time::{Duration, SystemTime};

/// The longest wait another service may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// From where, as the user gave it.
    pub url: &'a str,
    /// In which form.
    pub accept: &'static str,
    /// Who asks.
    pub token: Option<&'a str>,
}

/// There is no answer to work with. The texts are for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Asking again will not help.
    #[error("{0}")]
    Never(String),
    /// It may.
    #[error("{0}")]
    Later(String),
    /// The other side says when to ask again.
    #[error("the source asks to wait {} s", .0.as_secs())]
    Wait(Duration),
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// When it is anything but a success.
pub async fn fetch(outbound: &Outbound, request: Request<'_>) -> Result<Response, FetchError> {
    let url = outbound::check(request.url, outbound.reach())
        .map_err(|error| FetchError::Never(format!("the address {error}")))?;
    let client = outbound
        .guarded()
        .map_err(|error| FetchError::Later(error.to_string()))?;
    let mut asking = client
        .get(url)
        .header(ACCEPT, request.accept)
        .header(ACCEPT_ENCODING, "gzip");
    if let Some(token) = request.token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| FetchError::Never("the configured token is no header value".to_owned()))?;
        value.set_sensitive(true);
        asking = asking.header(AUTHORIZATION, value);
    }
    let response = asking.send().await.map_err(|error| failure(&error))?;
    judge(response.status(), response.headers())?;
    Ok(response)
}

/// What became of a request that had no answer, or not the whole of it.
#[must_use]
pub fn failure(error: &reqwest::Error) -> FetchError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(forbidden) = inner.downcast_ref::<ForbiddenAddress>() {
            return FetchError::Never(format!("the address {forbidden}"));
        }
        cause = inner.source();
    }
    if error.is_redirect() {
        return FetchError::Never("the source redirects too often, or away from https".to_owned());
    }
    let what = if error.is_timeout() {
        "the source did not answer in time"
    } else if error.is_connect() {
        "the source cannot be reached"
    } else {
        "the source broke off"
    };
    FetchError::Later(what.to_owned())
}

fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), FetchError> {
    if status.is_success() {
        return Ok(());
    }
    let busy = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    if busy && let Some(wait) = retry_after(headers, SystemTime::now()) {
        return Err(FetchError::Wait(wait));
    }
    let text = format!("the source answers {status}");
    let passing = busy || status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
    Err(match passing {
        true => FetchError::Later(text),
        false => FetchError::Never(text),
    })
}

/// Seconds or a date (RFC 9110, 10.2.3), within reason.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(text)?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.clamp(Duration::from_secs(1), LONGEST_WAIT))
}

fn http_date(text: &str) -> Option<SystemTime> {
    let form = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::PrimitiveDateTime::parse(text, form).ok()?;
    Some(date.assume_utc().into())
}

/// What tells one version of a source from another; empty when nothing does.
#[must_use]
pub fn tag(headers: &HeaderMap) -> String {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    match (text(ETAG), text(LAST_MODIFIED), text(CONTENT_LENGTH)) {
        (Some(tag), _, _) => tag.to_owned(),
        (None, Some(modified), length) => format!("{modified}; {}", length.unwrap_or("?")),
        (None, None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_wait_is_seconds_or_a_date_and_never_for_ever() {
        let now = SystemTime::UNIX_EPOCH;
        let wait =
            |text: &str| retry_after(&headers("retry-after", text), now).map(|w| w.as_secs());
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait("0"), Some(1));
        assert_eq!(wait("Thu, 01 Jan 1970 00:01:00 GMT"), Some(60));
        assert_eq!(wait("Fri, 31 Dec 9999 23:59:59 GMT"), Some(3600));
        assert_eq!(wait("99999999999"), Some(3600));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn what_passes_is_told_from_what_stays() {
        let none = HeaderMap::new();
        assert!(judge(StatusCode::OK, &none).is_ok());
        assert!(matches!(
            judge(StatusCode::NOT_FOUND, &none),
            Err(FetchError::Never(_))
        ));
        assert!(matches!(
            judge(StatusCode::BAD_GATEWAY, &none),
            Err(FetchError::Later(_))
        ));
        assert!(matches!(
            judge(StatusCode::TOO_MANY_REQUESTS, &none),
            Err(FetchError::Later(_))
        ));
        let wait = headers("retry-after", "9");
        assert!(matches!(
            judge(StatusCode::TOO_MANY_REQUESTS, &wait),
            Err(FetchError::Wait(_))
        ));
    }

    #[test]
    fn a_version_goes_by_its_tag_or_its_date_and_length() {
        assert_eq!(tag(&headers("etag", "\"a\"")), "\"a\"");
        assert_eq!(tag(&headers("content-length", "7")), "");
        assert!(tag(&headers("last-modified", "yesterday")).contains("yesterday"));
    }
}

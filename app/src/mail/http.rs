//! What the services that take mail over HTTP have in common.

use super::transport::SendError;
use crate::clock::SharedClock;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Longest answer that is quoted.
const LONGEST: usize = 500;
/// Longest wait that a service may ask for.
const LONGEST_WAIT: time::Duration = time::Duration::hours(24);

/// How a service is asked: with the client for configured addresses, which
/// follows no redirection, so that keys go nowhere else.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) timeout: Duration,
    pub(super) clock: SharedClock,
}

impl Caller {
    /// A request that is not yet sent.
    pub(super) fn post(&self, url: String) -> RequestBuilder {
        self.client.post(url).timeout(self.timeout)
    }

    /// Sends a request and judges its answer.
    pub(super) async fn send(
        &self,
        service: &str,
        request: RequestBuilder,
    ) -> Result<(), SendError> {
        judge(service, request.send().await, self.clock.now()).await
    }
}

/// What came of a request.
async fn judge(
    service: &str,
    sent: Result<Response, reqwest::Error>,
    now: OffsetDateTime,
) -> Result<(), SendError> {
    let response = sent.map_err(|error| {
        // The address may hold what is not for a log.
        let error = error.without_url();
        let text = format!("cannot reach {service}: {}", chain(&error));
        if error.is_connect() || error.is_builder() {
            SendError::temporary(text)
        } else {
            SendError::Unknown(text)
        }
    })?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after(value, now));
    // Its words are for the operator; without them the status has to do.
    let body = response.text().await.unwrap_or_default();
    let body: String = body.chars().take(LONGEST).collect();
    let text = format!("{service} answered {status}: {body}");
    Err(if is_permanent(status) {
        SendError::Permanent(text)
    } else {
        SendError::Temporary { text, after }
    })
}

/// The request is at fault, and would be again. A redirection is one too: the
/// configured address is not the service's.
fn is_permanent(status: StatusCode) -> bool {
    let patience = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    !status.is_server_error() && !patience.contains(&status)
}

/// Seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(value: &str, now: OffsetDateTime) -> Option<time::Duration> {
    let wait = match value.trim().parse::<u32>() {
        Ok(seconds) => time::Duration::seconds(seconds.into()),
        Err(_) => OffsetDateTime::parse(&value.replace("GMT", "+0000"), &Rfc2822).ok()? - now,
    };
    Some(wait.clamp(time::Duration::SECOND, LONGEST_WAIT))
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn waits_are_seconds_or_dates_within_reason() {
        let now = datetime!(2026-11-24 10:00 UTC);
        let wait = |text| retry_after(text, now).map(time::Duration::whole_seconds);
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("0"), Some(1));
        assert_eq!(wait("4000000000"), Some(86_400));
        assert_eq!(wait("Tue, 24 Nov 2026 10:01:00 GMT"), Some(60));
        assert_eq!(wait("Tue, 24 Nov 2020 10:01:00 GMT"), Some(1));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn a_clients_fault_is_final_and_a_servers_is_not() {
        for code in [400, 401, 403, 413, 301] {
            assert!(is_permanent(StatusCode::from_u16(code).unwrap()), "{code}");
        }
        for code in [408, 429, 500, 502, 503] {
            assert!(!is_permanent(StatusCode::from_u16(code).unwrap()), "{code}");
        }
    }
}

//! Amazon SES, version 2 (`POST /v2/email/outbound-emails`), with the message
//! as it would travel. Requests are signed (Signature Version 4).

use super::http::Caller;
use super::message::Letter;
use super::transport::{SendError, Transport};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use reqwest::RequestBuilder;
use serde_json::json;
use std::fmt;

const PATH: &str = "/v2/email/outbound-emails";

/// Amazon SES.
pub struct Ses {
    pub(super) caller: Caller,
    pub(super) url: String,
    pub(super) region: String,
    pub(super) key_id: String,
    pub(super) key: String,
}

impl fmt::Debug for Ses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ses")
            .field("url", &self.url)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A request cannot be signed.
#[derive(Debug, thiserror::Error)]
enum SignError {
    #[error(transparent)]
    Parameters(#[from] v4::signing_params::BuildError),
    #[error(transparent)]
    Signing(#[from] aws_sigv4::http_request::SigningError),
}

impl Ses {
    /// The usual address of a region.
    #[must_use]
    pub fn regional_url(region: &str) -> String {
        format!("https://email.{region}.amazonaws.com")
    }

    fn signed(&self, body: String) -> Result<RequestBuilder, SignError> {
        let url = format!("{}{PATH}", self.url.trim_end_matches('/'));
        let identity =
            Credentials::new(&self.key_id, &self.key, None, None, "configuration").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("ses")
            .time(self.caller.clock.now().into())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = [("content-type", "application/json")];
        let signable = SignableRequest::new(
            "POST",
            url.clone(),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let mut request = self
            .caller
            .post(url)
            .header("content-type", "application/json");
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        Ok(request.body(body))
    }
}

impl Transport for Ses {
    fn name(&self) -> &'static str {
        "ses"
    }

    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let raw = STANDARD.encode(letter.message.formatted());
            let body = json!({
                "FromEmailAddress": letter.sender.from.email.to_string(),
                "Destination": {"ToAddresses": [letter.to.email.to_string()]},
                "Content": {"Raw": {"Data": raw}},
            });
            let request = self.signed(body.to_string()).map_err(|error| {
                SendError::temporary(format!("cannot sign for Amazon SES: {error}"))
            })?;
            self.caller.send("Amazon SES", request).await
        })
    }
}

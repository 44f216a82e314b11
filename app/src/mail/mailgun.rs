//! Mailgun's API, version 3 (`POST /v3/DOMAIN/messages.mime`): it takes the
//! message as it would travel, in a form.

use super::http::Caller;
use super::message::Letter;
use super::transport::{SendError, Transport};
use futures_util::future::BoxFuture;
use reqwest::multipart::{Form, Part};
use std::fmt;

/// Mailgun.
pub struct Mailgun {
    pub(super) caller: Caller,
    pub(super) url: String,
    pub(super) domain: String,
    pub(super) key: String,
}

impl fmt::Debug for Mailgun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailgun")
            .field("url", &self.url)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

impl Transport for Mailgun {
    fn name(&self) -> &'static str {
        "mailgun"
    }

    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let url = self.url.trim_end_matches('/');
            let message = Part::bytes(letter.message.formatted()).file_name("message.eml");
            let form = Form::new()
                .text("to", letter.to.email.to_string())
                .text("o:tracking", "no")
                .part("message", message);
            let request = self
                .caller
                .post(format!("{url}/v3/{}/messages.mime", self.domain))
                .basic_auth("api", Some(&self.key))
                .multipart(form);
            self.caller.send("Mailgun", request).await
        })
    }
}

//! SendGrid's API, version 3 (`POST /v3/mail/send`).

use super::http::Caller;
use super::message::Letter;
use super::transport::{SendError, Transport};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use serde_json::{Value, json};
use std::fmt;

/// SendGrid.
pub struct Sendgrid {
    pub(super) caller: Caller,
    pub(super) url: String,
    pub(super) key: String,
}

impl fmt::Debug for Sendgrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sendgrid")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Transport for Sendgrid {
    fn name(&self) -> &'static str {
        "sendgrid"
    }

    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let request = self
                .caller
                .post(format!("{}/v3/mail/send", self.url.trim_end_matches('/')))
                .bearer_auth(&self.key)
                .json(&body(letter));
            self.caller.send("SendGrid", request).await
        })
    }
}

fn body(letter: &Letter) -> Value {
    let mail = &letter.mail;
    let mut body = json!({
        "personalizations": [{"to": [person(&letter.to)]}],
        "from": person(&letter.sender.from),
        "subject": mail.subject,
        // Text first: the service wants the richest last.
        "content": [
            {"type": "text/plain", "value": mail.text},
            {"type": "text/html", "value": mail.html},
        ],
        "headers": {"Message-ID": letter.message_id},
        "tracking_settings": {
            "click_tracking": {"enable": false, "enable_text": false},
            "open_tracking": {"enable": false},
        },
    });
    if let Some(reply_to) = &letter.sender.reply_to {
        body["reply_to"] = person(reply_to);
    }
    if !mail.attachments.is_empty() {
        let files = mail.attachments.iter().map(|file| {
            json!({
                "content": STANDARD.encode(&file.bytes),
                "type": file.content_type,
                "filename": file.file_name,
                "disposition": "attachment",
            })
        });
        body["attachments"] = files.collect();
    }
    body
}

fn person(mailbox: &Mailbox) -> Value {
    let mut person = json!({"email": mailbox.email.to_string()});
    if let Some(name) = &mailbox.name {
        person["name"] = json!(name);
    }
    person
}

//! Ways to tell somebody. A channel is known by its name: `mail ADDRESS`,
//! `webhook`, `pagerduty`, `opsgenie`.

use super::event::{Event, Kind};
use crate::acme::http::{Http, Patience};
use crate::disk::Disk;
use crate::secrets;
use axum::body::Bytes;
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use onebox_model::alert_mail::{self, AlertMail};
use onebox_model::config::Alerts;
use onebox_model::{Config, QueueName, Secret};
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::time::Duration;

/// For everything that a channel takes.
const PATIENCE: Duration = Duration::from_secs(20);
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
const OPSGENIE: &str = "https://api.opsgenie.com";
/// Opsgenie cuts a longer message itself (Alert API, `message`).
const OPSGENIE_MESSAGE: usize = 130;

/// What channels need.
#[derive(Clone, Debug)]
pub struct Channels {
    /// The application's database, whose queue mails go through.
    pub database: PgConnectOptions,
}

/// The names of the channels that are set.
pub(super) fn names(alerts: &Alerts) -> Vec<String> {
    let mails = alerts.mail.iter().map(|address| format!("mail {address}"));
    let rest = [
        ("webhook", &alerts.webhook),
        ("pagerduty", &alerts.pagerduty.key),
        ("opsgenie", &alerts.opsgenie.key),
    ];
    let rest = rest.into_iter().filter(|(_, secret)| secret.is_some());
    mails.chain(rest.map(|(name, _)| name.to_owned())).collect()
}

impl Channels {
    /// Delivers an event.
    ///
    /// # Errors
    /// Why it was not taken, without any secret.
    pub async fn send(
        &self,
        disk: &Disk,
        config: &Config,
        channel: &str,
        event: &Event,
    ) -> Result<(), String> {
        let sent = async {
            let alerts = &config.alerts;
            match channel {
                "webhook" => webhook(&reveal(disk, alerts.webhook.as_ref())?, event).await,
                "pagerduty" => {
                    let key = reveal(disk, alerts.pagerduty.key.as_ref())?;
                    let url = alerts.pagerduty.url.as_deref().unwrap_or(PAGERDUTY);
                    pagerduty(url, &key, event).await
                }
                "opsgenie" => {
                    let key = reveal(disk, alerts.opsgenie.key.as_ref())?;
                    let url = alerts.opsgenie.url.as_deref().unwrap_or(OPSGENIE);
                    opsgenie(url, &key, event).await
                }
                _ => match channel.strip_prefix("mail ") {
                    Some(to) => self.mail(config, to, event).await,
                    None => Err(format!("there is no channel {channel:?}")),
                },
            }
        };
        let sent = tokio::time::timeout(PATIENCE, sent).await;
        sent.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
    }

    /// A job for the application, which knows how mail leaves this box.
    async fn mail(&self, config: &Config, to: &str, event: &Event) -> Result<(), String> {
        let options = match &config.database.url {
            Some(url) => url
                .expose()
                .parse()
                .map_err(|_| "database.url cannot be used".to_owned())?,
            None => self.database.clone(),
        };
        let mail = AlertMail {
            to: to.to_owned(),
            subject: event.subject(),
            lines: event.lines(),
        };
        let arguments = serde_json::to_value(&mail).map_err(|error| error.to_string())?;
        let put = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            sqlx::query(
                "INSERT INTO jobs (id, queue, kind, args, created_at, run_at, priority) \
                 VALUES (gen_random_uuid(), $1, $2, $3, now(), now(), 10)",
            )
            .bind(QueueName::Emails.as_str())
            .bind(alert_mail::KIND)
            .bind(arguments)
            .execute(&mut connection)
            .await?;
            connection.close().await
        };
        put.await
            .map_err(|error: sqlx::Error| format!("the queue of mails: {error}"))
    }
}

fn reveal(disk: &Disk, secret: Option<&Secret>) -> Result<String, String> {
    let secret = secret.ok_or("it is not set any more")?;
    secrets::reveal(disk, secret)
}

async fn webhook(url: &str, event: &Event) -> Result<(), String> {
    let mut body = serde_json::to_value(event).map_err(|error| error.to_string())?;
    if let Value::Object(fields) = &mut body {
        // What chat programs show (Slack, Mattermost, and those like them).
        let text = format!("{}\n{}", event.subject(), event.lines().join("\n"));
        fields.insert("text".to_owned(), text.into());
    }
    post(url, HeaderMap::new(), &body).await
}

/// Events API v2: the same `dedup_key` is one incident.
async fn pagerduty(url: &str, key: &str, event: &Event) -> Result<(), String> {
    let action = match event.kind {
        Kind::Well => "resolve",
        _ => "trigger",
    };
    let body = json!({
        "routing_key": key,
        "event_action": action,
        "dedup_key": event.alias(),
        "client": "Onebox",
        "payload": {
            "summary": format!("{}: {}", event.subject(), event.summary),
            "source": event.host,
            "component": event.name,
            "severity": if event.kind == Kind::Test { "info" } else { "error" },
            "timestamp": event.at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default(),
        },
    });
    post(url, HeaderMap::new(), &body).await?;
    if event.kind == Kind::Test {
        // Nobody has to close a test.
        let over = json!({
            "routing_key": key, "event_action": "resolve", "dedup_key": event.alias(),
        });
        post(url, HeaderMap::new(), &over).await?;
    }
    Ok(())
}

/// Alert API: the same `alias` is one alert.
async fn opsgenie(url: &str, key: &str, event: &Event) -> Result<(), String> {
    let url = url.trim_end_matches('/');
    let mut headers = HeaderMap::new();
    let mut value = HeaderValue::from_str(&format!("GenieKey {key}"))
        .map_err(|_| "alerts.opsgenie.key has signs in it that no key has".to_owned())?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    let alias: String = event
        .alias()
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let close = format!("{url}/v2/alerts/{alias}/close?identifierType=alias");
    let note = json!({ "source": event.host, "note": event.summary });
    if event.kind == Kind::Well {
        return post(&close, headers, &note).await;
    }
    let message: String = event.subject().chars().take(OPSGENIE_MESSAGE).collect();
    let body = json!({
        "message": message,
        "alias": event.alias(),
        "description": event.lines().join("\n"),
        "source": event.host,
        "entity": event.name,
        "priority": if event.kind == Kind::Test { "P5" } else { "P2" },
    });
    post(&format!("{url}/v2/alerts"), headers.clone(), &body).await?;
    if event.kind == Kind::Test {
        return post(&close, headers, &note).await;
    }
    Ok(())
}

async fn post(url: &str, mut headers: HeaderMap, body: &Value) -> Result<(), String> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let http = Http::new(None, Patience::default()).map_err(|error| error.to_string())?;
    let body = Bytes::from(body.to_string());
    let answer = http.send(Method::POST, url.to_owned(), headers, body).await;
    // The address may hold a token.
    let answer = answer.map_err(|error| error.to_string().replace(url, "its address"))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(answer.body()).into_owned();
    let said: String = said.replace(url, "its address").chars().take(200).collect();
    Err(format!("it answered {status}: {said}"))
}

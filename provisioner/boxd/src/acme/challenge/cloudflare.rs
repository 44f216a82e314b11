//! Cloudflare's API, version 4: zones and their TXT records.

use crate::acme::http::{self, ClientError, Patience};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use time::OffsetDateTime;

/// Marks records as ours, for people and for the next run.
const COMMENT: &str = "onebox: proof for a certificate, may be deleted";
/// The shortest that Cloudflare takes of everybody.
const TTL_SECONDS: u32 = 60;

/// The API with a token.
pub(crate) struct Cloudflare {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl std::fmt::Debug for Cloudflare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cloudflare({})", self.url)
    }
}

/// Something that Cloudflare did not do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloudflareError {
    /// No answer, or one that is none.
    #[error("Cloudflare's API {url}: {why}")]
    NoAnswer { url: String, why: String },
    /// It says no, in its own words.
    #[error(
        "Cloudflare refused to {what}: {said}; the token (acme.cloudflare.token) needs the permission Zone / DNS / Edit for the zone"
    )]
    Refused { what: String, said: String },
    /// The token sees no zone that the name is in.
    #[error(
        "no zone of {name} is seen with the token (acme.cloudflare.token); give it the permission Zone / DNS / Edit for that zone"
    )]
    NoZone { name: String },
}

#[derive(Deserialize)]
struct Answer<T> {
    #[serde(default)]
    success: bool,
    #[serde(default)]
    errors: Vec<Said>,
    result: Option<T>,
}

#[derive(Deserialize)]
struct Said {
    code: i64,
    message: String,
}

#[derive(Deserialize)]
struct Zone {
    id: String,
    name: String,
}

/// A TXT record as it is there.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) id: String,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    created_on: Option<OffsetDateTime>,
}

impl Found {
    /// Whether it is left over from a run of ours that was cut off.
    pub(super) fn is_left_over(&self, now: OffsetDateTime) -> bool {
        // Another box may be proving a name of the same zone right now.
        let is_old = self
            .created_on
            .is_some_and(|at| now - at > time::Duration::hours(1));
        self.comment.as_deref() == Some(COMMENT) && is_old
    }
}

#[derive(Serialize)]
struct New<'a> {
    r#type: &'a str,
    name: &'a str,
    content: String,
    ttl: u32,
    comment: &'a str,
}

impl Cloudflare {
    pub(crate) fn new(url: &str, token: String) -> Result<Self, ClientError> {
        let patience = Patience {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
        };
        Ok(Self {
            client: http::client(None, patience)?,
            url: url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// The zone that a name is in: the longest one that the token sees.
    pub(super) async fn zone(&self, name: &str) -> Result<String, CloudflareError> {
        let labels: Vec<&str> = name.split('.').collect();
        // A zone has at least two labels.
        for start in 0..labels.len().saturating_sub(1) {
            let candidate = labels.get(start..).unwrap_or_default().join(".");
            let query = format!("/client/v4/zones?name={candidate}&status=active");
            let zones: Vec<Zone> = self
                .call(self.client.get(self.at(&query)), "list zones")
                .await?;
            if let Some(zone) = zones.into_iter().find(|zone| zone.name == candidate) {
                return Ok(zone.id);
            }
        }
        Err(CloudflareError::NoZone {
            name: name.to_owned(),
        })
    }

    /// The TXT records of a name.
    pub(super) async fn records(
        &self,
        zone: &str,
        name: &str,
    ) -> Result<Vec<Found>, CloudflareError> {
        let path = format!("/client/v4/zones/{zone}/dns_records?type=TXT&name={name}");
        self.call(self.client.get(self.at(&path)), "list records")
            .await
    }

    /// Makes a TXT record and gives its id.
    pub(super) async fn create(
        &self,
        zone: &str,
        name: &str,
        value: &str,
    ) -> Result<String, CloudflareError> {
        let new = New {
            r#type: "TXT",
            name,
            // In quotes, as in a zone file; without them Cloudflare warns.
            content: format!("\"{value}\""),
            ttl: TTL_SECONDS,
            comment: COMMENT,
        };
        let path = format!("/client/v4/zones/{zone}/dns_records");
        let request = self.client.post(self.at(&path)).json(&new);
        let found: Found = self.call(request, &format!("create {name}")).await?;
        Ok(found.id)
    }

    /// Deletes a record.
    pub(super) async fn delete(&self, zone: &str, id: &str) -> Result<(), CloudflareError> {
        let path = format!("/client/v4/zones/{zone}/dns_records/{id}");
        let request = self.client.delete(self.at(&path));
        let _gone: serde_json::Value = self.call(request, "delete a record").await?;
        Ok(())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        what: &str,
    ) -> Result<T, CloudflareError> {
        let no_answer = |why: String| CloudflareError::NoAnswer {
            url: self.url.clone(),
            why,
        };
        let answer = request
            .bearer_auth(&self.token)
            .send()
            .await
            .map_err(|error| no_answer(error.to_string()))?;
        let status = answer.status();
        let body = answer
            .bytes()
            .await
            .map_err(|error| no_answer(error.to_string()))?;
        let answer: Answer<T> = serde_json::from_slice(&body)
            .map_err(|error| no_answer(format!("{status}, and what it says is none: {error}")))?;
        match answer.result {
            Some(result) if answer.success => Ok(result),
            _ => Err(CloudflareError::Refused {
                what: what.to_owned(),
                said: match answer.errors.as_slice() {
                    [] => status.to_string(),
                    errors => errors
                        .iter()
                        .map(|said| format!("{} ({})", said.message, said.code))
                        .collect::<Vec<_>>()
                        .join(", "),
                },
            }),
        }
    }
}

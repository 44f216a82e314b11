//! A fake of Cloudflare's API: zones and TXT records as its documentation shows
//! them, with records handed on to Pebble's name server. The real one was never
//! asked.

use super::pebble::Pebble;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

pub(super) const TOKEN: &str = "token-1";

#[derive(Clone)]
pub(super) struct FakeCloudflare {
    pub(super) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    zones: Vec<&'static str>,
    dns: SocketAddr,
    client: reqwest::Client,
    records: Mutex<Vec<Record>>,
    /// Every call, in order.
    calls: Mutex<Vec<String>>,
}

#[derive(Clone)]
struct Record {
    id: String,
    name: String,
    comment: String,
    created: &'static str,
}

type Answer = (StatusCode, Json<Value>);

fn good(result: Value) -> Answer {
    let body = json!({"success": true, "errors": [], "messages": [], "result": result});
    (StatusCode::OK, Json(body))
}

fn bad(status: StatusCode, code: u32, message: &str) -> Answer {
    let errors = json!([{"code": code, "message": message}]);
    let body = json!({"success": false, "errors": errors, "messages": [], "result": null});
    (status, Json(body))
}

impl Inner {
    fn refused(&self, headers: &HeaderMap) -> Option<Answer> {
        let given = headers.get("authorization");
        let right = format!("Bearer {TOKEN}");
        match given.is_some_and(|given| given.as_bytes() == right.as_bytes()) {
            true => None,
            false => Some(bad(StatusCode::FORBIDDEN, 9109, "Invalid access token")),
        }
    }

    async fn hand_on(&self, what: &str, value: Value) {
        let url = format!("http://{}/{what}", self.dns);
        self.client.post(url).json(&value).send().await.unwrap();
    }
}

impl FakeCloudflare {
    pub(super) async fn start(pebble: &Pebble, zones: &[&'static str]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let patience = crate::acme::http::Patience::default();
        let inner = Arc::new(Inner {
            zones: zones.to_vec(),
            dns: pebble.dns_management(),
            client: crate::acme::http::client(None, patience).unwrap(),
            records: Mutex::default(),
            calls: Mutex::default(),
        });
        let router = Router::new()
            .route("/client/v4/zones", get(list_zones))
            .route(
                "/client/v4/zones/{zone}/dns_records",
                get(list_records).post(create),
            )
            .route("/client/v4/zones/{zone}/dns_records/{id}", delete(remove))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    pub(super) fn records(&self) -> Vec<String> {
        let records = self.inner.records.lock().unwrap();
        records.iter().map(|record| record.name.clone()).collect()
    }

    pub(super) fn calls(&self, of: &str) -> usize {
        let calls = self.inner.calls.lock().unwrap();
        calls.iter().filter(|call| call.starts_with(of)).count()
    }

    /// What a run left that was cut off long ago, and somebody else's record.
    pub(super) fn leave(&self, name: &str) {
        let record = |id: &str, comment: &str| Record {
            id: id.to_owned(),
            name: name.to_owned(),
            comment: comment.to_owned(),
            created: "2020-01-01T05:20:00.12345Z",
        };
        let ours = "onebox: proof for a certificate, may be deleted";
        let mut records = self.inner.records.lock().unwrap();
        records.push(record("old", ours));
        records.push(record("theirs", "another program's"));
    }
}

async fn list_zones(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    if let Some(refused) = inner.refused(&headers) {
        return refused;
    }
    let zones: Vec<Value> = inner
        .zones
        .iter()
        .filter(|zone| query["name"] == **zone)
        .map(|zone| json!({"id": format!("id-{zone}"), "name": zone, "status": "active"}))
        .collect();
    good(json!(zones))
}

async fn list_records(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Path(_zone): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    if let Some(refused) = inner.refused(&headers) {
        return refused;
    }
    let records = inner.records.lock().unwrap();
    let found: Vec<Value> = records
        .iter()
        .filter(|record| record.name == query["name"])
        .map(|record| {
            json!({
                "id": record.id,
                "name": record.name,
                "type": "TXT",
                "comment": record.comment,
                "created_on": record.created,
            })
        })
        .collect();
    good(json!(found))
}

async fn create(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Path(zone): Path<String>,
    Json(new): Json<Value>,
) -> Answer {
    if let Some(refused) = inner.refused(&headers) {
        return refused;
    }
    let name = new["name"].as_str().unwrap().to_owned();
    let zone = zone.strip_prefix("id-").unwrap_or_default().to_owned();
    if !name.ends_with(&zone) || new["type"] != "TXT" {
        return bad(StatusCode::BAD_REQUEST, 9000, "DNS name is invalid.");
    }
    let value = new["content"]
        .as_str()
        .unwrap()
        .trim_matches('"')
        .to_owned();
    let id = {
        let mut records = inner.records.lock().unwrap();
        inner.calls.lock().unwrap().push(format!("create {name}"));
        let id = format!("record-{}", records.len());
        records.push(Record {
            id: id.clone(),
            name: name.clone(),
            comment: new["comment"].as_str().unwrap_or_default().to_owned(),
            created: "2100-01-01T05:20:00.12345Z",
        });
        id
    };
    let host = format!("{name}.");
    inner
        .hand_on("set-txt", json!({"host": host, "value": value}))
        .await;
    good(json!({"id": id, "name": name}))
}

async fn remove(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Path((_zone, id)): Path<(String, String)>,
) -> Answer {
    if let Some(refused) = inner.refused(&headers) {
        return refused;
    }
    let removed = {
        let mut records = inner.records.lock().unwrap();
        let place = records.iter().position(|record| record.id == id);
        place.map(|place| records.remove(place))
    };
    let Some(record) = removed else {
        return bad(StatusCode::NOT_FOUND, 81044, "Record does not exist.");
    };
    inner
        .calls
        .lock()
        .unwrap()
        .push(format!("delete {}", record.id));
    let host = format!("{}.", record.name);
    inner.hand_on("clear-txt", json!({"host": host})).await;
    good(json!({"id": id}))
}

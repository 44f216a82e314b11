//! A server that takes mail over HTTP as the services do: it checks who asks
//! and how the request is signed, and answers what a test wants.

use aws_lc_rs::{digest, hmac};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::sync::{Arc, Mutex};

pub const KEY: &str = "key-of-the-shop";
pub const AWS_KEY_ID: &str = "AKIATESTKEY";

/// How a service knows its customers.
#[derive(Clone, Copy)]
pub enum Proof {
    Bearer,
    Basic,
    Aws,
}

#[derive(Clone)]
pub struct Seen {
    pub path: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

type Canned = (u16, Vec<(&'static str, &'static str)>, &'static str);

struct Shared {
    proof: Proof,
    seen: Mutex<Vec<Seen>>,
    answers: Mutex<Vec<Canned>>,
}

pub struct MailApi {
    pub url: String,
    shared: Arc<Shared>,
}

impl MailApi {
    /// Answers once each of `answers`, then 202 for ever.
    pub async fn start(proof: Proof, mut answers: Vec<Canned>) -> Self {
        answers.reverse();
        let shared = Arc::new(Shared {
            proof,
            seen: Mutex::new(Vec::new()),
            answers: Mutex::new(answers),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(router.clone());
                tokio::spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    // A client that leaves early ends its connection, no more.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { url, shared }
    }

    /// Requests with good proof.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| {
        let value = headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    let proven = match shared.proof {
        Proof::Bearer => header("authorization") == format!("Bearer {KEY}"),
        Proof::Basic => {
            use base64::Engine as _;
            let word = base64::engine::general_purpose::STANDARD.encode(format!("api:{KEY}"));
            header("authorization") == format!("Basic {word}")
        }
        Proof::Aws => signed(&method, &uri, &headers, &body),
    };
    if !proven || method != Method::POST {
        return (StatusCode::FORBIDDEN, "the proof is wrong").into_response();
    }
    shared.seen.lock().unwrap().push(Seen {
        path: uri.path().to_owned(),
        content_type: header("content-type"),
        body: body.to_vec(),
    });
    match shared.answers.lock().unwrap().pop() {
        Some((status, extra, text)) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), text).into_response();
            for (name, value) in extra {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        None => StatusCode::ACCEPTED.into_response(),
    }
}

/// Signature Version 4, computed anew from its specification.
fn signed(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = value("authorization") else {
        return false;
    };
    let field = |name: &str| {
        let start = authorization.find(name)? + name.len();
        authorization[start..].split(',').next()
    };
    let (Some(credential), Some(names), Some(signature), Some(at)) = (
        field("Credential="),
        field("SignedHeaders="),
        field("Signature="),
        value("x-amz-date"),
    ) else {
        return false;
    };
    let [key_id, date, region, service, "aws4_request"] =
        credential.split('/').collect::<Vec<_>>()[..]
    else {
        return false;
    };
    let whole = ["content-type", "host", "x-amz-date"]
        .iter()
        .all(|name| names.split(';').any(|signed| signed == *name));
    if key_id != AWS_KEY_ID || service != "ses" || !at.starts_with(date) || !whole {
        return false;
    }
    let canonical_headers: String = names
        .split(';')
        .map(|name| format!("{name}:{}\n", value(name).unwrap_or_default().trim()))
        .collect();
    let canonical = format!(
        "{method}\n{}\n{}\n{canonical_headers}\n{names}\n{}",
        uri.path(),
        uri.query().unwrap_or_default(),
        hex(digest::digest(&digest::SHA256, body).as_ref()),
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{at}\n{date}/{region}/{service}/aws4_request\n{}",
        hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref()),
    );
    let mut key = format!("AWS4{KEY}").into_bytes();
    for part in [date, region, service, "aws4_request"] {
        key = mac(&key, part.as_bytes());
    }
    hex(&mac(&key, text.as_bytes())) == signature
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, data).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! An authority that takes every name as proven and does not look at
//! signatures, but can misbehave at any of its doors.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// What happens instead of an answer.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// This status, `Retry-After` and body.
    Status(u16, Option<&'static str>, &'static str),
    /// Nothing, for longer than anybody waits.
    Hang,
    /// A page, with status 200.
    Garbage,
    /// More than anybody reads.
    Huge,
    /// The end of the connection.
    Drop,
    /// The same, after it was done.
    DropAfterwards,
    /// A certificate for another name.
    OtherName,
    /// A certificate for another key.
    OtherKey,
    /// The order without what it replaces.
    ForgetReplaces,
    /// An order that is being processed, for a day as it says.
    Slow,
}

#[derive(Default)]
struct Inner {
    faults: HashMap<&'static str, VecDeque<Fault>>,
    orders: Vec<Value>,
    chains: HashMap<String, String>,
    hits: HashMap<&'static str, usize>,
    window: Option<(OffsetDateTime, OffsetDateTime)>,
    reject: Option<&'static str>,
}

/// The authority, and what it was asked.
#[derive(Clone)]
pub(super) struct Fake {
    pub(super) directory: String,
    url: String,
    issuer: Arc<(Issuer<'static, KeyPair>, String)>,
    inner: Arc<Mutex<Inner>>,
}

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "fake");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root = params.self_signed(&key).unwrap().pem();
        let fake = Self {
            directory: format!("{url}/directory"),
            url,
            issuer: Arc::new((Issuer::new(params, key), root)),
            inner: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// Misbehaves at a door, once for each.
    pub(super) fn faults(&self, door: &'static str, faults: &[Fault]) {
        let mut inner = self.inner.lock().unwrap();
        inner.faults.insert(door, faults.iter().cloned().collect());
    }

    /// Suggests this window from now on.
    pub(super) fn suggest(&self, window: (OffsetDateTime, OffsetDateTime)) {
        self.inner.lock().unwrap().window = Some(window);
    }

    /// Gives no certificate for this name.
    pub(super) fn reject(&self, name: &'static str) {
        self.inner.lock().unwrap().reject = Some(name);
    }

    /// What was ordered.
    pub(super) fn orders(&self) -> Vec<Value> {
        self.inner.lock().unwrap().orders.clone()
    }

    /// How often a door was knocked on.
    pub(super) fn hits(&self, door: &'static str) -> usize {
        *self.inner.lock().unwrap().hits.get(door).unwrap_or(&0)
    }

    fn order(&self, number: &str, payload: &Value) -> Value {
        let done = self.inner.lock().unwrap().chains.contains_key(number);
        let url = &self.url;
        let mut order = json!({
            "status": if done { "valid" } else { "ready" },
            "identifiers": payload["identifiers"],
            "authorizations": [format!("{url}/authz/{number}")],
            "finalize": format!("{url}/finalize/{number}"),
            "certificate": format!("{url}/cert/{number}"),
        });
        if !payload["replaces"].is_null() {
            order["replaces"] = payload["replaces"].clone();
        }
        order
    }

    fn new_order(&self, payload: Value, forget: bool) -> Response {
        let mut inner = self.inner.lock().unwrap();
        inner.orders.push(payload.clone());
        let number = inner.orders.len() - 1;
        let rejected = inner.reject;
        drop(inner);
        let names = payload["identifiers"].as_array().unwrap();
        if let Some(name) = rejected
            && names.iter().any(|identifier| identifier["value"] == name)
        {
            return problem(
                400,
                json!({
                    "type": "urn:ietf:params:acme:error:rejectedIdentifier",
                    "detail": "some names are refused",
                    "subproblems": [{
                        "type": "urn:ietf:params:acme:error:rejectedIdentifier",
                        "detail": "we give none for this one",
                        "identifier": {"type": "dns", "value": name},
                    }],
                }),
            );
        }
        let mut order = self.order(&number.to_string(), &payload);
        if forget {
            order["replaces"] = Value::Null;
        }
        let mut response = body(201, &order);
        let at = format!("{}/order/{number}", self.url);
        let at = HeaderValue::try_from(at).unwrap();
        response.headers_mut().insert(LOCATION, at);
        response
    }

    fn finalize(&self, number: &str, payload: &Value, fault: Option<&Fault>) -> Response {
        let order = self.orders()[number.parse::<usize>().unwrap()].clone();
        let csr = BASE64_URL_SAFE_NO_PAD
            .decode(payload["csr"].as_str().unwrap())
            .unwrap();
        let mut request = CertificateSigningRequestParams::from_der(&csr.into()).unwrap();
        let now = OffsetDateTime::now_utc();
        request.params.not_before = now - Duration::hours(1);
        request.params.not_after = now + Duration::days(90);
        request.params.use_authority_key_identifier_extension = true;
        if matches!(fault, Some(Fault::OtherName)) {
            let other = CertificateParams::new(["other.example".to_owned()]).unwrap();
            request.params.subject_alt_names = other.subject_alt_names;
        }
        let made = match fault {
            Some(Fault::OtherKey) => {
                let other = KeyPair::generate().unwrap();
                request.params.signed_by(&other, &self.issuer.0).unwrap()
            }
            _ => request.signed_by(&self.issuer.0).unwrap(),
        };
        let chain = made.pem() + &self.issuer.1;
        let mut inner = self.inner.lock().unwrap();
        inner.chains.insert(number.to_owned(), chain);
        drop(inner);
        let mut order = self.order(number, &order);
        let is_slow = matches!(fault, Some(Fault::Slow));
        if is_slow {
            order["status"] = json!("processing");
        }
        let mut response = body(200, &order);
        if is_slow {
            let day = HeaderValue::from_static("86400");
            response.headers_mut().insert(RETRY_AFTER, day);
        }
        response
    }
}

fn body(status: u16, value: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, value.to_string()).into_response()
}

fn problem(status: u16, value: Value) -> Response {
    let mut value = value;
    value["status"] = json!(status);
    body(status, &value)
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response {
    let (head, bytes) = request.into_parts();
    let bytes = to_bytes(bytes, 1 << 20).await.unwrap();
    let path = head.uri.path().trim_start_matches('/').to_owned();
    let (door, rest) = path.split_once('/').unwrap_or((&path, ""));
    let door = [
        "directory",
        "nonce",
        "account",
        "new-order",
        "order",
        "authz",
        "finalize",
        "cert",
        "renewal",
        "revoke",
    ]
    .into_iter()
    .find(|known| *known == door)
    .unwrap();
    let fault = {
        let mut inner = fake.inner.lock().unwrap();
        *inner.hits.entry(door).or_default() += 1;
        inner.faults.get_mut(door).and_then(VecDeque::pop_front)
    };
    if let Some(instead) = fault.as_ref().and_then(Fault::instead) {
        return instead.await_it().await;
    }
    let payload = payload(&head.method, &bytes);
    let mut response = match door {
        "directory" => {
            let at = |door: &str| format!("{}/{door}", fake.url);
            body(
                200,
                &json!({
                    "newNonce": at("nonce"),
                    "newAccount": at("account"),
                    "newOrder": at("new-order"),
                    "revokeCert": at("revoke"),
                    "renewalInfo": at("renewal"),
                    "meta": {"caaIdentities": ["fake.example"], "profiles": {"shortlived": "x"}},
                }),
            )
        }
        "account" => {
            let mut response = body(201, &json!({"status": "valid"}));
            let at = HeaderValue::try_from(format!("{}/account/1", fake.url)).unwrap();
            response.headers_mut().insert(LOCATION, at);
            response
        }
        "new-order" => fake.new_order(payload, matches!(fault, Some(Fault::ForgetReplaces))),
        "order" => {
            let order = fake.orders()[rest.parse::<usize>().unwrap()].clone();
            body(200, &fake.order(rest, &order))
        }
        "authz" => {
            let order = fake.orders()[rest.parse::<usize>().unwrap()].clone();
            body(
                200,
                &json!({"status": "valid", "identifier": order["identifiers"][0], "challenges": []}),
            )
        }
        "finalize" => fake.finalize(rest, &payload, fault.as_ref()),
        "cert" => {
            let chain = fake.inner.lock().unwrap().chains[rest].clone();
            let kind = HeaderValue::from_static("application/pem-certificate-chain");
            let mut response = chain.into_response();
            let name = HeaderName::from_static("content-type");
            response.headers_mut().insert(name, kind);
            response
        }
        "renewal" => match fake.inner.lock().unwrap().window {
            Some((start, end)) => {
                let text = |at: OffsetDateTime| at.format(&Rfc3339).unwrap();
                let window = json!({"start": text(start), "end": text(end)});
                let link = "https://fake.example/why";
                body(
                    200,
                    &json!({"suggestedWindow": window, "explanationURL": link}),
                )
            }
            None => problem(404, json!({"detail": "no such certificate"})),
        },
        _ => body(200, &json!({})),
    };
    if matches!(fault, Some(Fault::DropAfterwards)) {
        return dropped();
    }
    let nonce = HeaderName::from_static("replay-nonce");
    let value = HeaderValue::from_static("nonce");
    response.headers_mut().insert(nonce, value);
    response
}

/// The payload of a request, whoever signed it.
fn payload(method: &Method, bytes: &Bytes) -> Value {
    if method != Method::POST {
        return Value::Null;
    }
    let signed: Value = serde_json::from_slice(bytes).unwrap();
    let payload = signed["payload"].as_str().unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap_or_default()
}

fn dropped() -> Response {
    let broken = std::io::Error::other("broken");
    let stream = futures_util::stream::once(async { Err::<Bytes, _>(broken) });
    Response::new(Body::from_stream(stream))
}

/// An answer, perhaps after a while.
struct Instead(Option<Response>);

impl Instead {
    async fn await_it(self) -> Response {
        match self.0 {
            Some(response) => response,
            None => std::future::pending().await,
        }
    }
}

impl Fault {
    fn instead(&self) -> Option<Instead> {
        let response = match self {
            Self::Status(status, retry_after, text) => {
                let status = StatusCode::from_u16(*status).unwrap();
                let mut response = (status, *text).into_response();
                if let Some(wait) = retry_after {
                    let wait = HeaderValue::from_static(wait);
                    response.headers_mut().insert(RETRY_AFTER, wait);
                }
                let nonce = HeaderName::from_static("replay-nonce");
                let value = HeaderValue::from_static("nonce");
                response.headers_mut().insert(nonce, value);
                Some(response)
            }
            Self::Hang => None,
            Self::Garbage => Some("<html>welcome to our hotel</html>".into_response()),
            Self::Huge => Some(vec![b' '; 3 << 20].into_response()),
            Self::Drop => Some(dropped()),
            _ => return None,
        };
        Some(Instead(response))
    }
}

//! A server that behaves as Stripe's API does for the calls we make: it asks
//! for the key, the version and a form, remembers idempotency keys, and keeps
//! what a test puts into it.

use super::http::Served;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use onebox_model::config::Payments;
use onebox_model::{Config, Secret};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;
use time::macros::format_description;
use wizamart::payments::{signature, stripe};

pub const KEY: &str = "sk_test_1";
pub const WEBHOOK: &str = "whsec_new";
pub const WEBHOOK_OLD: &str = "whsec_old";

type Form = BTreeMap<String, String>;

pub struct StripeServer {
    served: Served,
    state: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, Value>,
    /// Idempotency keys with the form and the answer of the first time.
    answered: BTreeMap<String, (String, Form, Value)>,
    made: usize,
    calls: Vec<String>,
    now: Option<OffsetDateTime>,
    away: bool,
}

impl StripeServer {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(Kept::default()));
        let router = Router::new().fallback(serve).with_state(Arc::clone(&state));
        Self {
            served: Served::start(router).await,
            state,
        }
    }

    pub fn config(&self) -> Config {
        Config {
            payments: Payments {
                stripe_secret_key: Some(Secret::given(KEY)),
                webhook_secret: Some(Secret::given(WEBHOOK)),
                webhook_secret_old: Some(Secret::given(WEBHOOK_OLD)),
                stripe_url: self.served.url(),
            },
            ..Config::default()
        }
    }

    /// Puts an object there, as something that happened at Stripe.
    pub fn put(&self, object: &Value) {
        let id = object["id"].as_str().unwrap().to_owned();
        self.state
            .lock()
            .unwrap()
            .objects
            .insert(id, object.clone());
    }

    /// What its clock shows.
    pub fn set_time(&self, now: OffsetDateTime) {
        self.state.lock().unwrap().now = Some(now);
    }

    pub fn set_away(&self, away: bool) {
        self.state.lock().unwrap().away = away;
    }

    /// Methods and paths it was asked, in order.
    pub fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }
}

/// The Stripe-Signature header of a body.
pub fn signed(secret: &str, body: &str, at: OffsetDateTime) -> String {
    let time = at.unix_timestamp().to_string();
    let signature = signature::sign(secret, &time, body.as_bytes());
    format!("t={time},v1={signature}")
}

async fn serve(State(state): State<Arc<Mutex<Kept>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap());
    let mut kept = state.lock().unwrap();
    kept.calls
        .push(format!("{} {}", parts.method, parts.uri.path()));
    if kept.away {
        return error(StatusCode::SERVICE_UNAVAILABLE, "away");
    }
    if header("authorization") != Some(&format!("Bearer {KEY}")) {
        return error(StatusCode::UNAUTHORIZED, "Invalid API Key provided");
    }
    if header("stripe-version") != Some(stripe::VERSION) {
        return error(StatusCode::BAD_REQUEST, "Invalid Stripe API version");
    }
    let answer = if parts.method == Method::POST {
        if header("content-type") != Some("application/x-www-form-urlencoded") {
            return error(StatusCode::BAD_REQUEST, "Invalid request");
        }
        let Some(key) = header("idempotency-key") else {
            return error(StatusCode::BAD_REQUEST, "a test wants an Idempotency-Key");
        };
        let form = pairs(std::str::from_utf8(&body).unwrap());
        kept.post(parts.uri.path(), key, form)
    } else {
        kept.get(
            parts.uri.path(),
            &pairs(parts.uri.query().unwrap_or_default()),
        )
    };
    let date = kept.now.unwrap_or_else(OffsetDateTime::now_utc);
    let shape = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    match answer {
        Ok(value) => ([("date", date.format(&shape).unwrap())], Json(value)).into_response(),
        Err((status, message)) => error(status, &message),
    }
}

impl Kept {
    fn post(&mut self, path: &str, key: &str, form: Form) -> Result<Value, (StatusCode, String)> {
        if let Some((first_path, first, answer)) = self.answered.get(key) {
            return if first_path == path && *first == form {
                Ok(answer.clone())
            } else {
                let text = "Keys for idempotent requests can only be used with the same parameters";
                Err((StatusCode::BAD_REQUEST, text.to_owned()))
            };
        }
        let number = self.made + 1;
        let answer = match path {
            "/v1/customers" => json!({"id": format!("cus_{number}"), "object": "customer",
                "name": form["name"], "metadata": {"vendor_id": form["metadata[vendor_id]"]}}),
            "/v1/checkout/sessions" => {
                assert_eq!(
                    (
                        form["mode"].as_str(),
                        form["line_items[0][quantity]"].as_str()
                    ),
                    ("subscription", "1")
                );
                assert!(form["success_url"].starts_with("http"), "{form:?}");
                self.known(&form["customer"])?;
                json!({"id": format!("cs_{number}"), "object": "checkout.session",
                    "url": format!("https://checkout.stripe.com/c/pay/cs_{number}?price={}", form["line_items[0][price]"])})
            }
            "/v1/billing_portal/sessions" => {
                self.known(&form["customer"])?;
                json!({"id": format!("bps_{number}"), "object": "billing_portal.session",
                    "url": format!("https://billing.stripe.com/p/session/{number}")})
            }
            _ => {
                return Err((
                    StatusCode::NOT_FOUND,
                    format!("Unrecognized request URL {path}"),
                ));
            }
        };
        self.made = number;
        let id = answer["id"].as_str().unwrap().to_owned();
        self.objects.insert(id, answer.clone());
        self.answered
            .insert(key.to_owned(), (path.to_owned(), form, answer.clone()));
        Ok(answer)
    }

    fn get(&self, path: &str, query: &Form) -> Result<Value, (StatusCode, String)> {
        let kind = match path.split('/').nth(2) {
            Some("subscriptions") => "subscription",
            Some("invoices") => "invoice",
            _ => {
                return Err((
                    StatusCode::NOT_FOUND,
                    format!("Unrecognized request URL {path}"),
                ));
            }
        };
        if let Some(id) = path.split('/').nth(3) {
            return self.known(id).cloned();
        }
        let customer = &query["customer"];
        let data: Vec<&Value> = self
            .objects
            .values()
            .filter(|one| one["object"] == kind && one["customer"] == **customer)
            .collect();
        Ok(json!({"object": "list", "data": data, "has_more": false}))
    }

    fn known(&self, id: &str) -> Result<&Value, (StatusCode, String)> {
        let missing = || (StatusCode::NOT_FOUND, format!("No such object: '{id}'"));
        self.objects.get(id).ok_or_else(missing)
    }
}

fn pairs(text: &str) -> Form {
    let url = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
    url.query_pairs().into_owned().collect()
}

fn error(status: StatusCode, message: &str) -> Response {
    let kind = "invalid_request_error";
    (
        status,
        Json(json!({"error": {"type": kind, "message": message}})),
    )
        .into_response()
}

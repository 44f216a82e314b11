//! Alerts from what is wrong to who is told: a real queue in a real
//! PostgreSQL, and a server that stands in for PagerDuty, Opsgenie and a
//! program behind a webhook, none of which can be had here.

use crate::servers::Postgres;
use crate::stage::Stage;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use boxd::alerts::{self, Alerts, Channels};
use boxd::reconcilers::{Failure, Reconciler, Registry, Report};
use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;
use sqlx::Row as _;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

type Posts = Arc<Mutex<Vec<(String, HeaderMap, Value)>>>;

/// Takes every POST, and answers as it is told to.
struct Server {
    base: String,
    posts: Posts,
    answer: Arc<AtomicU16>,
}

impl Server {
    async fn new() -> Self {
        let (posts, answer) = (Posts::default(), Arc::new(AtomicU16::new(202)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = (Arc::clone(&posts), Arc::clone(&answer));
        let router = axum::Router::new().fallback(post(take)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            base,
            posts,
            answer,
        }
    }

    fn taken(&self) -> Vec<(String, HeaderMap, Value)> {
        std::mem::take(&mut *self.posts.lock().unwrap())
    }
}

async fn take(
    State((posts, answer)): State<(Posts, Arc<AtomicU16>)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let body = serde_json::from_slice(&body).unwrap();
    posts.lock().unwrap().push((uri.to_string(), headers, body));
    StatusCode::from_u16(answer.load(Ordering::SeqCst)).unwrap()
}

/// Something that is wrong as long as it is told to be.
struct Trouble(Arc<AtomicBool>);

impl Reconciler for Trouble {
    fn name(&self) -> &'static str {
        "disks"
    }
    fn description(&self) -> &'static str {
        "Is wrong."
    }
    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }
    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            Ok(if self.0.load(Ordering::SeqCst) {
                Report::attention("/var has 3 % of its room left", Value::Null)
            } else {
                Report::ok("enough room", Value::Null)
            })
        }
        .boxed()
    }
}

struct Box {
    stage: Stage,
    registry: Registry,
    wrong: Arc<AtomicBool>,
    channels: Channels,
}

impl Box {
    fn new(stage: Stage, channels: Channels) -> Self {
        let (wrong, all) = (Arc::new(AtomicBool::new(true)), Arc::new(OnceLock::new()));
        let work: Vec<Arc<dyn Reconciler>> = vec![
            Arc::new(Trouble(Arc::clone(&wrong))),
            Arc::new(Alerts {
                disk: Arc::new(stage.disk()),
                channels: channels.clone(),
                registry: Arc::clone(&all),
            }),
        ];
        let registry = Registry::new(work, Duration::from_secs(3600));
        let _ = all.set(registry.clone());
        Self {
            stage,
            registry,
            wrong,
            channels,
        }
    }

    /// One round of the keeper's; returns what alerting says of itself.
    async fn round(&self) -> String {
        self.registry.run("disks").await.unwrap();
        let told = self.registry.run("alerts").await.unwrap();
        told.summary.unwrap()
    }
}

fn nowhere(stage: &Stage) -> Channels {
    Channels {
        database: sqlx::postgres::PgConnectOptions::new_without_pgpass().socket(stage.root()),
    }
}

#[tokio::test]
async fn services_are_told_once_and_that_it_is_over() {
    let server = Server::new().await;
    let base = &server.base;
    let stage = Stage::new(&format!(
        "[web]\ndomains = [\"shop.example.com\"]\n[alerts]\nafter = 0\nwebhook = \"{base}/hook/s3cret\"\n\
         [alerts.pagerduty]\nkey = \"pd-key\"\nurl = \"{base}/pd\"\n\
         [alerts.opsgenie]\nkey = \"og-key\"\nurl = \"{base}/og\"\n"
    ));
    let channels = nowhere(&stage);
    let one = Box::new(stage, channels);
    assert_eq!(one.round().await, "webhook, pagerduty, opsgenie are told");
    let taken = server.taken();
    let paths: Vec<&str> = taken.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["/hook/s3cret", "/pd", "/og/v2/alerts"]);
    let hook = &taken[0].2;
    assert_eq!(hook["kind"], "wrong");
    assert_eq!(hook["summary"], "/var has 3 % of its room left");
    assert!(
        hook["text"]
            .as_str()
            .unwrap()
            .starts_with("[shop.example.com] wrong: disks")
    );
    let pagerduty = &taken[1].2;
    assert_eq!(pagerduty["routing_key"], "pd-key");
    assert_eq!(pagerduty["event_action"], "trigger");
    assert_eq!(pagerduty["dedup_key"], "onebox/shop.example.com/disks");
    let (_, headers, opsgenie) = &taken[2];
    assert_eq!(headers["authorization"], "GenieKey og-key");
    assert_eq!(opsgenie["alias"], "onebox/shop.example.com/disks");

    one.round().await;
    assert!(server.taken().is_empty(), "told once");

    one.wrong.store(false, Ordering::SeqCst);
    one.round().await;
    let taken = server.taken();
    assert_eq!(taken[0].2["kind"], "well");
    assert_eq!(taken[1].2["event_action"], "resolve");
    let close = "/og/v2/alerts/onebox%2Fshop.example.com%2Fdisks/close?identifierType=alias";
    assert_eq!(taken[2].0, close);
}

#[tokio::test]
async fn what_is_not_taken_waits_and_says_why_without_the_secret() {
    let server = Server::new().await;
    server.answer.store(503, Ordering::SeqCst);
    let stage = Stage::new(&format!(
        "[alerts]\nafter = 0\nwebhook = \"{}/hook/s3cret\"\n",
        server.base
    ));
    let channels = nowhere(&stage);
    let one = Box::new(stage, channels);
    let said = one.round().await;
    assert!(
        said.starts_with("1 messages could not be delivered"),
        "{said}"
    );
    let status = alerts::status(&one.stage.disk());
    assert_eq!(status.troubles.len(), 1);
    let waiting = &status.waiting[0];
    let error = waiting.error.as_deref().unwrap();
    assert!(
        error.contains("503") && !error.contains("s3cret"),
        "{error}"
    );
    assert_eq!(waiting.attempts, 1);
    let tried = alerts::test(&one.stage.disk(), &one.channels).await;
    assert!(tried[0].error.is_some(), "{tried:?}");
    server.answer.store(200, Ordering::SeqCst);
    let tried = alerts::test(&one.stage.disk(), &one.channels).await;
    assert_eq!(tried[0].error, None);
    assert!(!format!("{tried:?}").contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_a_job_of_the_applications() {
    let postgres = Postgres::with(&[]).await;
    let stage = Stage::new("[alerts]\nafter = 0\nmail = [\"ops@example.com\"]\n");
    let channels = Channels {
        database: postgres.options(),
    };
    let one = Box::new(stage, channels);
    assert_eq!(one.round().await, "mail ops@example.com are told");
    let mut connection = postgres.connect().await;
    let row = sqlx::query("SELECT queue, kind, args FROM jobs").fetch_one(&mut connection);
    let row = row.await.unwrap();
    assert_eq!(row.get::<&str, _>("queue"), "emails");
    assert_eq!(row.get::<&str, _>("kind"), onebox_model::alert_mail::KIND);
    let mail: onebox_model::alert_mail::AlertMail =
        serde_json::from_value(row.get("args")).unwrap();
    assert_eq!(mail.to, "ops@example.com");
    assert!(mail.subject.ends_with("wrong: disks"), "{mail:?}");
    assert!(mail.lines[0].contains("3 %"), "{mail:?}");
}

#[tokio::test]
async fn nobody_is_told_when_no_channel_is_set_and_that_is_said() {
    let stage = Stage::new("");
    let channels = nowhere(&stage);
    let one = Box::new(stage, channels);
    assert!(one.round().await.starts_with("nobody is told"));
    assert!(
        alerts::test(&one.stage.disk(), &one.channels)
            .await
            .is_empty()
    );
}

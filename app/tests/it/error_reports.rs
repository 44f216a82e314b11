//! Reports as a server gets them, and what is not in them.

use crate::support::eventually;
use crate::support::jobs;
use crate::support::managed::free_port;
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower_http::catch_panic::CatchPanicLayer;
use tracing_subscriber::layer::SubscriberExt;
use wizamart::clock::{SharedClock, SystemClock};
use wizamart::cloudflare::Cloudflare;
use wizamart::edge::counters::Counters;
use wizamart::edge::limits::Limits;
use wizamart::edge::serve::{Service, serve};
use wizamart::edge::statics::Statics;
use wizamart::error_reports::{End, ErrorLayer, Reporter, Work};
use wizamart::lifecycle;
use wizamart::middleware::{panics, request_id};

/// What came, envelope by envelope: the key it was sent with, and its lines.
type Inbox = Arc<Mutex<Vec<(String, Vec<Value>)>>>;

struct Sentry {
    port: u16,
    inbox: Inbox,
    _trigger: lifecycle::Trigger,
}

impl Sentry {
    fn start() -> Self {
        let inbox = Inbox::default();
        let router = Router::new()
            .route("/api/7/envelope/", post(take))
            .with_state(Arc::clone(&inbox));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (trigger, shutdown) = lifecycle::shutdown();
        let service = Service {
            router,
            tls: None,
            limits: Limits::default(),
            statics: Statics::new(None),
            counters: Counters::default(),
            cloudflare: Cloudflare::default(),
            hold: wizamart::hold::Hold::default(),
        };
        tokio::spawn(serve(listener, service, shutdown));
        Self {
            port,
            inbox,
            _trigger: trigger,
        }
    }

    fn dsn(&self) -> String {
        format!("http://publickey@127.0.0.1:{}/7", self.port)
    }

    fn all(&self) -> Vec<(String, Vec<Value>)> {
        self.inbox.lock().unwrap().clone()
    }

    async fn item(&self, kind: &str) -> Value {
        let find = || {
            let all = self.all().into_iter();
            all.map(|(_, lines)| lines)
                .find(|lines| lines[1]["type"] == kind)
                .map(|lines| lines[2].clone())
        };
        eventually(&format!("a report of type {kind}"), || async {
            find().is_some()
        })
        .await;
        find().unwrap()
    }
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> &'static str {
    let auth = headers["x-sentry-auth"].to_str().unwrap().to_owned();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    let lines = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    inbox.lock().unwrap().push((auth, lines));
    "{}"
}

#[tokio::test]
async fn an_error_in_the_log_is_reported_with_its_route_and_nothing_personal() {
    let sentry = Sentry::start();
    let reporter = Reporter::start(&sentry.dsn(), "staging", "wizamart@1.2+abc", 0).unwrap();
    let subscriber = tracing_subscriber::registry().with(ErrorLayer::new(reporter.clone()));
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!(
            "request",
            id = "secret-id",
            method = "POST",
            route = "/api/v1/orders",
            user = "jo@example.org"
        );
        let _entered = span.enter();
        tracing::warn!("no error, no report");
        tracing::error!(
            at = "src/x.rs:1",
            "request failed: jo@example.org from 192.0.2.7 sent /x?token=hunter2 with password=hunter2"
        );
    });
    let event = sentry.item("event").await;
    // "error" is what a report without a level is.
    assert_eq!(event.get("level"), None);
    assert_eq!(event["release"], "wizamart@1.2+abc");
    assert_eq!(event["environment"], "staging");
    assert_eq!(event["tags"]["route"], "/api/v1/orders");
    assert_eq!(event["tags"]["method"], "POST");
    assert!(
        event["message"]
            .as_str()
            .unwrap()
            .starts_with("request failed: [address]")
    );
    let (auth, lines) = sentry.all().remove(0);
    assert!(auth.contains("sentry_key=publickey"), "{auth}");
    let whole = format!("{lines:?}");
    for personal in ["jo@", "192.0.2.7", "hunter2", "secret-id", "user"] {
        assert!(
            !whole.replace("user_agent", "").contains(personal),
            "{personal}: {whole}"
        );
    }
    assert_eq!(sentry.all().len(), 1);
}

#[tokio::test]
async fn work_is_reported_with_its_times_as_often_as_was_asked() {
    let sentry = Sentry::start();
    let reporter = Reporter::start(&sentry.dsn(), "production", "wizamart@1", 25).unwrap();
    let wanted = (0..200).filter(|_| reporter.wants_times()).count();
    assert_eq!(wanted, 50);
    let tags = BTreeMap::from([("queue".to_owned(), "emails".to_owned())]);
    let took = Duration::from_millis(1500);
    reporter.transaction(Work::Job, "invoice_mail", End::Failed, took, tags);
    let transaction = sentry.item("transaction").await;
    assert_eq!(transaction["transaction"], "invoice_mail");
    assert_eq!(transaction["contexts"]["trace"]["op"], "queue.process");
    assert_eq!(transaction["contexts"]["trace"]["status"], "internal_error");
    assert_eq!(transaction["tags"]["queue"], "emails");
    assert!(!Reporter::default().wants_times());
    assert!(Reporter::start("hunter2", "x", "y", 0).is_err());
}

#[tokio::test]
async fn the_process_reports_requests_and_sends_the_last_ones_before_it_ends() {
    let sentry = Sentry::start();
    let nowhere = "postgres://nobody@localhost/x?host=/nonexistent";
    let env = Env::new(nowhere, &redis::private_url())
        .with_one("ONEBOX_SENTRY__DSN", &sentry.dsn())
        .with_one("ONEBOX_SENTRY__TRACE_PERCENT", "100");
    let address = format!("127.0.0.1:{}", free_port());
    let state = env.dir.path().to_str().unwrap();
    let mut web = env.start(&["web", "--listen-http", &address, "--state-dir", state]);
    let request = format!(
        "GET /version?token=hunter2 HTTP/1.1\r\nhost: {address}\r\ncookie: sid=hunter2\r\n\
         authorization: Bearer hunter2\r\nuser-agent: hunter2\r\nconnection: close\r\n\r\n"
    );
    eventually("the site answers", || async {
        let Ok(mut stream) = TcpStream::connect(&address).await else {
            return false;
        };
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.is_ok() && answer.contains(" 200 ")
    })
    .await;
    web.terminate();
    assert!(web.ended().await.success(), "{}", env.said());
    // No waiting: it was sent before the process ended.
    let all = sentry.all();
    let transaction = all
        .iter()
        .map(|(_, lines)| &lines[2])
        .find(|item| item["transaction"] == "GET /version");
    let transaction = transaction.unwrap_or_else(|| panic!("{all:?} {}", env.said()));
    assert_eq!(transaction["contexts"]["trace"]["status"], "ok");
    assert!(!format!("{all:?}").contains("hunter2"), "{all:?}");
    assert!(!format!("{all:?}").contains("127.0.0.1"), "{all:?}");
}

#[tokio::test]
async fn a_panic_in_a_handler_and_one_in_a_job_are_reported_with_where_they_happened() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let services = jobs::services(&database.pool, &clock);
    let sentry = Sentry::start();
    let reporter = Reporter::start(&sentry.dsn(), "staging", "wizamart@1", 0).unwrap();
    let subscriber = tracing_subscriber::registry().with(ErrorLayer::new(reporter.clone()));
    let _log = tracing::subscriber::set_default(subscriber);
    // As the process does it; other tests keep their own lines beside.
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        wizamart::logging::log_panic(panic);
        before(panic);
    }));

    let observers = request_id::Observers::of(&services);
    let broken = axum::routing::get(async || -> &'static str { panic!("the handler broke") });
    let router = Router::new()
        .route("/broken/{id}", broken)
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(axum::middleware::from_fn_with_state(
            observers,
            request_id::apply,
        ));
    let request = axum::http::Request::get("/broken/7?token=hunter2");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!(answer.status(), 500);

    let script = jobs::Script::Panic("the job broke".to_owned());
    jobs::put_script(&database.pool, &*clock, script).await;
    let mut worker = jobs::worker(&database.pool, &clock, 1);
    worker.run_due().await.unwrap();

    let event = async |text: &str| {
        let find = || {
            let all = sentry.all().into_iter();
            all.map(|(_, lines)| lines[2].clone()).find(|item| {
                item["message"]
                    .as_str()
                    .is_some_and(|said| said.contains(text))
            })
        };
        eventually(text, || async { find().is_some() }).await;
        find().unwrap()
    };
    let handler = event("panic: the handler broke").await;
    assert_eq!(handler["tags"]["route"], "/broken/{id}");
    assert!(
        handler["tags"]["at"]
            .as_str()
            .unwrap()
            .contains("error_reports.rs")
    );
    let job = event("panic: the job broke").await;
    assert_eq!(job["tags"]["kind"], "script");
    assert!(
        job["tags"]["at"]
            .as_str()
            .unwrap()
            .contains("support/jobs.rs")
    );
    assert!(!format!("{:?}", sentry.all()).contains("hunter2"));
}

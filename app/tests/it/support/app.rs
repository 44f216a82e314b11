//! The application's router on servers of its own, and someone to ask it.

use super::postgres::Database;
use super::{redis, secrets};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use onebox_model::{Config, QueueName};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use time::macros::datetime;
use tower::ServiceExt;
use wizamart::cache::Cache;
use wizamart::clock::ManualClock;
use wizamart::controllers;
use wizamart::edge::Peer;
use wizamart::edge::limits::Limits;
use wizamart::hold::Hold;
use wizamart::queue::outcome::Outcome;
use wizamart::queue::registry::Registry;
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::secrets::Sealer;
use wizamart::services::Services;
use wizamart::state::AppState;
use wizamart::storage::users;

pub const EMAIL: &str = "admin@example.org";
pub const PASSWORD: &str = "correct horse battery";

pub const SESSION_COOKIE: &str = "__Host-wizamart";
pub const LOGIN_COOKIE: &str = "__Host-wizamart-login";

pub struct TestApp {
    pub database: Database,
    pub clock: Arc<ManualClock>,
    pub state: AppState,
    router: Router,
    files: Arc<tempfile::TempDir>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub bytes: bytes::Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The `name=value` of a cookie that was set.
    pub fn cookie(&self, name: &str) -> String {
        self.headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|value| value.to_str().unwrap())
            .find(|value| value.starts_with(&format!("{name}=")))
            .and_then(|value| value.split(';').next())
            .unwrap_or_else(|| panic!("no cookie {name}"))
            .to_owned()
    }

    /// The hidden token of the first form of a page.
    pub fn csrf(&self) -> String {
        let mark = "name=\"csrf\" value=\"";
        let start = self.body.find(mark).expect("a form") + mark.len();
        self.body[start..].split('"').next().unwrap().to_owned()
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with_redis(&redis::private_url()).await
    }

    pub async fn with_redis(url: &str) -> Self {
        let database = Database::migrated().await;
        Self::on(database, url).await
    }

    /// One whose operator has chosen something.
    pub async fn configured(config: Config) -> Self {
        let database = Database::migrated().await;
        Self::with(database, &redis::private_url(), config)
    }

    pub async fn on(database: Database, redis: &str) -> Self {
        Self::with(database, redis, Config::default())
    }

    fn with(database: Database, redis: &str, config: Config) -> Self {
        let clock = Arc::new(ManualClock::starting_at(datetime!(2026-11-23 10:00 UTC)));
        let cache = Cache::lazy(&::redis::Client::open(redis).unwrap()).unwrap();
        let files = tempfile::tempdir().unwrap();
        let services = Services::new(
            database.pool.clone(),
            cache,
            clock.clone(),
            Arc::new(config),
            files.path().to_owned(),
            secrets::sealer(),
        );
        let state = AppState::new(services, None);
        let router = controllers::router(state.clone(), &Limits::default());
        Self {
            database,
            clock,
            state,
            router,
            files: Arc::new(files),
        }
    }

    /// The same box in another process.
    pub fn restarted(&self) -> Self {
        let services = self.state.services.clone();
        let state = AppState::new(services, None);
        Self {
            database: self.database.clone(),
            clock: Arc::clone(&self.clock),
            router: controllers::router(state.clone(), &Limits::default()),
            state,
            files: Arc::clone(&self.files),
        }
    }

    /// The same box in a process that holds everything back.
    pub fn held_by(&self, hold: Hold) -> Self {
        let services = self.state.services.clone().held_by(hold);
        let state = AppState::new(services, None);
        Self {
            database: self.database.clone(),
            clock: Arc::clone(&self.clock),
            router: controllers::router(state.clone(), &Limits::default()),
            state,
            files: Arc::clone(&self.files),
        }
    }

    /// The same box in a process that has other keys.
    pub fn with_keys(&self, sealer: Sealer) -> Self {
        let before = &self.state.services;
        let services = Services::new(
            before.pool.clone(),
            before.cache.clone(),
            before.clock.clone(),
            before.config.clone(),
            before.state_dir.to_path_buf(),
            sealer,
        );
        let state = AppState::new(services, None);
        Self {
            database: self.database.clone(),
            clock: Arc::clone(&self.clock),
            router: controllers::router(state.clone(), &Limits::default()),
            state,
            files: Arc::clone(&self.files),
        }
    }

    /// Adds the administrator that the other helpers log in as.
    pub async fn with_admin(self) -> Self {
        let hash = self
            .state
            .auth
            .passwords
            .hash(PASSWORD.to_owned())
            .await
            .unwrap();
        let now = wizamart::clock::Clock::now(&*self.clock);
        users::insert_first_admin(&self.database.pool, EMAIL, &hash, now)
            .await
            .unwrap()
            .unwrap();
        self
    }

    /// Serves the router on a port of its own, for what needs a connection.
    pub async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    /// The answer as it comes, for bodies that are no text.
    pub async fn response(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.response(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
            bytes,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub async fn try_login(&self, from: &str, email: &str, password: &str) -> Answer {
        let mut request = Request::post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .body(Body::from(
                json!({"email": email, "password": password}).to_string(),
            ))
            .unwrap();
        let peer: SocketAddr = format!("{from}:40000").parse().unwrap();
        request.extensions_mut().insert(Peer(peer));
        self.send(request).await
    }

    pub async fn token(&self) -> String {
        let answer = self.try_login("192.0.2.1", EMAIL, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Logs the administrator in through the form; gives the session's cookie.
    pub async fn log_in(&self) -> String {
        let form = self.get("/admin/login").await;
        let (csrf, cookie) = (form.csrf(), form.cookie(LOGIN_COOKIE));
        let fields = [
            ("csrf", csrf.as_str()),
            ("email", EMAIL),
            ("password", PASSWORD),
        ];
        let answer = self.form("/admin/login", &cookie, &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.cookie(SESSION_COOKIE)
    }

    /// Sends a form as a browser would.
    pub async fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('@', "%40")))
            .collect();
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", cookie);
        self.send(request.body(Body::from(body.join("&"))).unwrap())
            .await
    }

    pub async fn page(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header("cookie", cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Lets a worker do what is due, and tells how the jobs of a kind ended,
    /// which are then forgotten.
    pub async fn run_jobs(&self, kind: &str) -> Vec<Outcome> {
        let options = WorkerOptions::new(vec![QueueName::Default], 1);
        let registry = Arc::new(Registry::standard());
        let mut worker = Worker::new(self.state.services.clone(), registry, options);
        worker.run_due().await.unwrap();
        let ended: Vec<(String, Option<String>)> =
            sqlx::query_as("DELETE FROM jobs WHERE kind = $1 RETURNING state, last_error")
                .bind(kind)
                .fetch_all(&self.database.pool)
                .await
                .unwrap();
        let outcome = |(state, error): (String, Option<String>)| match (state.as_str(), error) {
            ("done", _) => Outcome::Done,
            ("dead", Some(error)) => Outcome::Fail { error },
            ("queued", Some(error)) => Outcome::Retry { error, after: None },
            other => panic!("a {kind} job did not run: {other:?}"),
        };
        ended.into_iter().map(outcome).collect()
    }
}

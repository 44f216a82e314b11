//! An S3 server: s3s, which checks signatures (SigV4, also of presigned
//! addresses), on a directory; with R2's rule about parts, and faults on
//! demand.

use super::http::Served;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use onebox_model::config::{Storage, StoreChoice};
use onebox_model::{Config, Secret};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

pub const ACCESS_KEY: &str = "test-access-key";
pub const SECRET_KEY: &str = "test-secret-key";
const BUCKET: &str = "shop-files";

pub struct S3Server {
    served: Served,
    inner: Arc<Inner>,
}

struct Inner {
    service: S3Service,
    dir: tempfile::TempDir,
    state: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    /// Sizes of the parts of uploads that are neither complete nor taken back.
    begun: HashMap<String, Vec<(u32, u64)>>,
    puts: usize,
    busy: usize,
    damage: usize,
    hang_at: Option<usize>,
}

impl S3Server {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(dir.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let inner = Arc::new(Inner {
            service: service.build(),
            dir,
            state: Mutex::default(),
        });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&inner));
        Self {
            served: Served::start(router).await,
            inner,
        }
    }

    /// A configuration that uses it for new files.
    pub fn config(&self) -> Config {
        Config {
            storage: Storage {
                store: StoreChoice::S3,
                s3_endpoint: Some(self.served.url()),
                s3_bucket: Some(BUCKET.to_owned()),
                s3_access_key: Some(ACCESS_KEY.to_owned()),
                s3_secret_key: Some(Secret::given(SECRET_KEY)),
                ..Storage::default()
            },
            ..Config::default()
        }
    }

    /// The same for the program.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("S3_ENDPOINT", self.served.url()),
            ("S3_BUCKET", BUCKET.to_owned()),
            ("S3_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("S3_SECRET_KEY", SECRET_KEY.to_owned()),
        ]
        .map(|(name, value)| (format!("ONEBOX_STORAGE__{name}"), value))
        .to_vec()
    }

    /// Where the server keeps a file.
    pub fn path(&self, key: &str) -> PathBuf {
        self.inner.dir.path().join(BUCKET).join(key)
    }

    pub fn unfinished(&self) -> usize {
        self.inner.state.lock().unwrap().begun.len()
    }

    pub fn puts(&self) -> usize {
        self.inner.state.lock().unwrap().puts
    }

    /// The next requests that write are told to come back later.
    pub fn busy(&self, times: usize) {
        self.inner.state.lock().unwrap().busy = times;
    }

    /// What is written next is damaged after it has arrived.
    pub fn damage(&self, times: usize) {
        self.inner.state.lock().unwrap().damage = times;
    }

    /// The write after so many more is never answered; `None` ends that.
    pub fn hang_after(&self, writes: Option<usize>) {
        let mut state = self.inner.state.lock().unwrap();
        state.hang_at = writes.map(|writes| state.puts + writes);
    }
}

async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let query: HashMap<String, String> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let upload = query.get("uploadId");
    if method == Method::PUT {
        let hangs = {
            let mut state = inner.state.lock().unwrap();
            if state.busy > 0 {
                state.busy -= 1;
                return error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
            }
            state.puts += 1;
            state.hang_at.is_some_and(|at| state.puts > at)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
    }
    if let (Some(upload), Some(number)) = (upload, query.get("partNumber")) {
        let size = request.headers()["content-length"].to_str().unwrap();
        let part = (number.parse().unwrap(), size.parse().unwrap());
        let mut state = inner.state.lock().unwrap();
        state
            .begun
            .get_mut(upload)
            .expect("a known upload")
            .push(part);
    } else if let Some(upload) = upload {
        let parts = inner.state.lock().unwrap().begun.remove(upload);
        if method == Method::POST && !alike(parts.expect("a known upload")) {
            return error(StatusCode::BAD_REQUEST, "InvalidPart");
        }
    }
    let answer = inner.service.clone().oneshot(request).await;
    let answer = answer.expect("the server answers");
    let ok = answer.status().is_success();
    if ok && query.contains_key("uploads") {
        let (parts, body) = answer.into_parts();
        let body = http_body_util::BodyExt::collect(body)
            .await
            .unwrap()
            .to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        let id = text.split("<UploadId>").nth(1).unwrap();
        let id = id.split("</UploadId>").next().unwrap().to_owned();
        inner.state.lock().unwrap().begun.insert(id, Vec::new());
        return Response::from_parts(parts, Body::from(body));
    }
    if ok && method == Method::PUT {
        damage(&inner, uri.path());
    }
    answer.map(Body::new).into_response()
}

fn damage(inner: &Inner, path: &str) {
    let mut state = inner.state.lock().unwrap();
    if state.damage > 0 {
        state.damage -= 1;
        let file = inner.dir.path().join(path.trim_start_matches('/'));
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file, bytes).unwrap();
    }
}

/// R2: all parts have one size, but the last may be smaller; S3: the others
/// have 5 MiB at least.
fn alike(mut parts: Vec<(u32, u64)>) -> bool {
    parts.sort_unstable();
    let Some(((_, last), others)) = parts.split_last() else {
        return false;
    };
    let size = others.first().map_or(*last, |(_, size)| *size);
    others
        .iter()
        .all(|(_, other)| *other == size && size >= 5 << 20)
        && *last <= size
}

fn error(status: StatusCode, code: &str) -> Response {
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
    (status, [("content-type", "application/xml")], body).into_response()
}

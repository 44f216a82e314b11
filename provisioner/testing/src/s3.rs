//! An S3 server over TLS: s3s on a directory, with faults on demand.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// The bucket there is.
pub const BUCKET: &str = "backups";
const KEY: &str = "test-access-key";
const SECRET: &str = "test-secret-key";

/// What the server does instead of what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Every so many'th request is answered with this status.
    Throttle(u16, usize),
    /// So many requests more are told that there are too many.
    TooMany(usize),
    /// No key is good.
    Revoked,
    /// No key is good when so many more requests have been answered.
    RevokedAfter(usize),
    /// Nobody answers: a connection is closed before anything was said.
    Down,
    /// Every answer comes so much later.
    Slow(Duration),
    /// Data that are read are cut in the middle.
    Truncated,
    /// Data that are read have a flipped bit.
    Garbage,
}

/// A running server. It ends, and its objects go, when this is dropped.
#[derive(Debug)]
pub struct S3 {
    inner: Arc<Inner>,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    /// What it is checked with, in PEM. It is good for `localhost` and for the
    /// gateway of QEMU's user network.
    pub certificate: String,
    serving: tokio::task::JoinHandle<()>,
}

struct Inner {
    service: S3Service,
    dir: tempfile::TempDir,
    fault: Mutex<Option<Fault>>,
    requests: AtomicUsize,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("dir", &self.dir.path())
            .finish_non_exhaustive()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl S3 {
    /// Starts one with an empty bucket.
    ///
    /// # Panics
    /// When there is no free port or no room for its directory.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(dir.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let inner = Arc::new(Inner {
            service: service.build(),
            dir,
            fault: Mutex::default(),
            requests: AtomicUsize::default(),
        });
        let (certificate, config) = crate::tls::identity();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(listen(listener, acceptor, Arc::clone(&inner)));
        Self {
            inner,
            port,
            certificate,
            serving,
        }
    }

    /// Settings of a box that uses it and reaches it as `host`, with its
    /// certificate in `ca_file` on the box.
    #[must_use]
    pub fn settings(&self, host: &str, ca_file: &str) -> String {
        format!(
            "[backups.s3]\nendpoint = \"https://{host}:{}\"\nbucket = \"{BUCKET}\"\n\
             access_key = \"{KEY}\"\nsecret_key = \"{SECRET}\"\nca_file = \"{ca_file}\"\n",
            self.port
        )
    }

    /// The secret half of the key in [`S3::settings`].
    #[must_use]
    pub fn secret_key(&self) -> &'static str {
        SECRET
    }

    /// From now on, until it is told otherwise.
    ///
    /// # Panics
    /// When a request panicked.
    pub fn fault(&self, fault: Option<Fault>) {
        *self.inner.fault.lock().unwrap() = fault;
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.inner.requests.load(Ordering::Relaxed)
    }

    /// Where the bucket's objects lie: what a test damages by hand.
    #[must_use]
    pub fn bucket(&self) -> PathBuf {
        self.inner.dir.path().join(BUCKET)
    }
}

/// A server for tests that are not asynchronous: on threads of its own.
#[derive(Debug)]
pub struct Apart {
    server: S3,
    // Dropped last.
    _runtime: tokio::runtime::Runtime,
}

impl Apart {
    /// Starts one with an empty bucket.
    ///
    /// # Panics
    /// As [`S3::start`].
    #[must_use]
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(S3::start());
        Self {
            server,
            _runtime: runtime,
        }
    }
}

impl std::ops::Deref for Apart {
    type Target = S3;

    fn deref(&self) -> &S3 {
        &self.server
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, inner: Arc<Inner>) {
    let router = Router::new().fallback(serve).with_state(Arc::clone(&inner));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        if *inner.fault.lock().unwrap() == Some(Fault::Down) {
            continue;
        }
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let _ = Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
                .await;
        });
    }
}

/// What is answered instead, and what is done to the answer.
fn strike(inner: &Inner, number: usize) -> (Option<Response>, Option<Fault>) {
    let mut fault = inner.fault.lock().unwrap();
    let answer = match *fault {
        Some(Fault::TooMany(more)) => {
            *fault = more
                .checked_sub(1)
                .filter(|rest| *rest > 0)
                .map(Fault::TooMany);
            Some(refuse(429, "TooManyRequests"))
        }
        Some(Fault::RevokedAfter(more)) => {
            *fault = Some(match more.checked_sub(1) {
                Some(rest) => Fault::RevokedAfter(rest),
                None => Fault::Revoked,
            });
            None
        }
        Some(Fault::Throttle(status, every)) if number.is_multiple_of(every) => {
            Some(refuse(status, "SlowDown"))
        }
        Some(Fault::Revoked) => Some(refuse(403, "InvalidAccessKeyId")),
        // A connection that was open before: its next request is not answered well.
        Some(Fault::Down) => Some(refuse(502, "BadGateway")),
        _ => None,
    };
    (answer, *fault)
}

async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let number = inner.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let (answer, fault) = strike(&inner, number);
    if let Some(answer) = answer {
        return answer;
    }
    if let Some(Fault::Slow(later)) = fault {
        tokio::time::sleep(later).await;
    }
    // Of the data themselves: a list that is damaged is seen at once.
    let read = request.method() == Method::GET && request.uri().path().contains("/bundle/");
    // s3s-fs keeps a directory for each part of a name, and fails when it is
    // asked for one: to S3 there is nothing of that name.
    let path = request.uri().path().trim_matches('/');
    if request.method() == Method::HEAD
        && path.contains('/')
        && inner.dir.path().join(path).is_dir()
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    let asked = format!("{} {}", request.method(), request.uri());
    let response = match inner.service.clone().oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            println!("the S3 server cannot answer {asked}: {error:?}");
            return refuse(500, "InternalError");
        }
    };
    if response.status().is_server_error() {
        println!("the S3 server cannot answer {asked}: {response:?}");
    }
    match fault {
        Some(fault @ (Fault::Truncated | Fault::Garbage)) if read => damaged(response, fault).await,
        _ => response,
    }
}

async fn damaged(response: Response, fault: Fault) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if fault == Fault::Truncated {
        bytes.truncate(middle);
    } else if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    let mut damaged = Response::from_parts(parts, Body::from(bytes));
    damaged.headers_mut().remove("content-length");
    damaged
}

fn refuse(status: u16, code: &str) -> Response {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

/// The newest object whose path has `part` in it.
///
/// # Panics
/// When the directory cannot be read.
#[must_use]
pub fn newest_object(bucket: &Path, part: &str) -> Option<PathBuf> {
    let mut newest = None;
    let mut dirs = vec![bucket.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.to_string_lossy().contains(part) {
                let made = entry.metadata().unwrap().modified().unwrap();
                if newest.as_ref().is_none_or(|(when, _)| made > *when) {
                    newest = Some((made, path));
                }
            }
        }
    }
    newest.map(|(_, path)| path)
}

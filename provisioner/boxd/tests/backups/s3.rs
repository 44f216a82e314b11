//! An S3 server over TLS: s3s on a directory, with faults on demand.

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
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tower::ServiceExt as _;

pub const CA_FILE: &str = "/etc/s3-ca.pem";
const KEY: &str = "test-access-key";
const SECRET: &str = "test-secret-key";

/// What the server does instead of what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Every so many'th request is told to come back later.
    Throttle(u16, usize),
    /// So many requests more are told that there are too many.
    TooMany(usize),
    /// No key is good.
    Revoked,
    /// Data that are read are cut in the middle.
    Truncated,
    /// Data that are read have a flipped bit.
    Garbage,
}

pub struct S3 {
    inner: Arc<Inner>,
    pub port: u16,
    pub certificate: String,
    serving: tokio::task::JoinHandle<()>,
}

struct Inner {
    service: S3Service,
    _dir: tempfile::TempDir,
    fault: Mutex<Option<Fault>>,
    requests: Mutex<usize>,
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl S3 {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("backups")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(dir.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let inner = Arc::new(Inner {
            service: service.build(),
            _dir: dir,
            fault: Mutex::default(),
            requests: Mutex::default(),
        });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&inner));
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![pair.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
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
        });
        Self {
            inner,
            port,
            certificate: pair.cert.pem(),
            serving,
        }
    }

    /// Settings of a box that uses it.
    pub fn settings(&self) -> String {
        format!(
            "[backups.s3]\nendpoint = \"https://localhost:{}\"\nbucket = \"backups\"\n\
             access_key = \"{KEY}\"\nsecret_key = \"{SECRET}\"\nca_file = \"{CA_FILE}\"\n",
            self.port
        )
    }

    pub fn fault(&self, fault: Option<Fault>) {
        *self.inner.fault.lock().unwrap() = fault;
    }

    pub fn requests(&self) -> usize {
        *self.inner.requests.lock().unwrap()
    }
}

async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let number = {
        let mut requests = inner.requests.lock().unwrap();
        *requests += 1;
        *requests
    };
    let fault = *inner.fault.lock().unwrap();
    match fault {
        Some(Fault::TooMany(more)) => {
            let rest = more.checked_sub(1).filter(|rest| *rest > 0);
            *inner.fault.lock().unwrap() = rest.map(Fault::TooMany);
            return refuse(429, "TooManyRequests");
        }
        Some(Fault::Throttle(status, every)) if number.is_multiple_of(every) => {
            return refuse(status, "SlowDown");
        }
        Some(Fault::Revoked) => return refuse(403, "InvalidAccessKeyId"),
        _ => {}
    }
    // Of the data themselves: a list that is damaged is seen at once.
    let read = request.method() == Method::GET && request.uri().path().contains("/bundle/");
    let response = match inner.service.clone().oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => return refuse(500, &format!("{error:?}")),
    };
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

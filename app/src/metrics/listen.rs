//! Where the page is asked for: never on a public port.
//!
//! - `GET /metrics` on `[metrics] listen` is the web process's own, and what
//!   the keeper counts ([`keeper`]);
//! - `GET /metrics/NAME` there is that of the worker whose socket is
//!   `NAME.sock` in the runtime directory.

use super::{keeper, scrape};
use crate::cloudflare::Cloudflare;
use crate::edge::counters::Counters;
use crate::edge::limits::Limits;
use crate::edge::serve::{Service, serve};
use crate::edge::statics::Statics;
use crate::errors::{AppError, AppResult};
use crate::hold::Hold;
use crate::lifecycle::Shutdown;
use crate::services::Services;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// How long a worker may take, and a reader of a worker's page.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than a worker has to say.
const LARGEST: u64 = 4 * 1024 * 1024;

#[derive(Clone)]
struct Shown {
    services: Services,
    sockets: Arc<FilePath>,
    keeper: Arc<FilePath>,
}

/// The pages of the web process; `sockets` is where workers have theirs,
/// `keeper` where the keeper's counts are.
pub fn router(services: Services, sockets: PathBuf, keeper: PathBuf) -> Router {
    Router::new()
        .route("/metrics", get(own))
        .route("/metrics/{process}", get(others))
        .with_state(Shown {
            services,
            sockets: sockets.into(),
            keeper: keeper.into(),
        })
}

/// Serves them at an address until the process stops.
///
/// # Errors
/// When the address cannot be had.
pub fn start(address: SocketAddr, router: Router, shutdown: Shutdown) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let service = Service {
        router,
        tls: None,
        limits: Limits {
            connections: 16,
            per_network: 16,
            drain: Duration::from_secs(1),
            ..Limits::default()
        },
        statics: Statics::new(None),
        counters: Counters::default(),
        cloudflare: Cloudflare::default(),
        hold: Hold::default(),
    };
    tokio::spawn(async move {
        if let Err(error) = serve(listener, service, shutdown).await {
            tracing::error!("cannot serve metrics: {error}");
        }
    });
    Ok(address)
}

async fn own(State(shown): State<Shown>) -> AppResult<Response> {
    let page = scrape::page(&shown.services)
        .await
        .map_err(|error| AppError::Internal(format!("cannot write the metrics: {error}")))?;
    let counts = keeper::read(&shown.keeper).await;
    Ok(answer(keeper::with(page, &counts)))
}

async fn others(State(shown): State<Shown>, Path(process): Path<String>) -> AppResult<Response> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if process.is_empty() || !process.chars().all(plain) {
        return Err(AppError::not_found("There is no such process."));
    }
    let socket = shown.sockets.join(format!("{process}.sock"));
    let page = tokio::time::timeout(PATIENCE, read(&socket)).await;
    match page {
        Ok(Ok(page)) => Ok(answer(page)),
        Ok(Err(_)) | Err(_) => Err(AppError::not_found("No such process answers.")),
    }
}

fn answer(page: String) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response()
}

async fn read(socket: &FilePath) -> io::Result<String> {
    let stream = UnixStream::connect(socket).await?;
    let mut page = String::new();
    stream.take(LARGEST).read_to_string(&mut page).await?;
    Ok(page)
}

/// Shows a worker's page to whoever connects to its socket: the page, then
/// the end. What an earlier process left there is replaced.
///
/// # Errors
/// When the socket cannot be made.
pub fn start_socket(dir: &FilePath, name: &str, services: Services) -> io::Result<()> {
    let path = dir.join(format!("{name}.sock"));
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&path)?;
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            let page = scrape::page(&services).await.unwrap_or_default();
            let sent = tokio::time::timeout(PATIENCE, stream.write_all(page.as_bytes())).await;
            if !matches!(sent, Ok(Ok(()))) {
                tracing::debug!("nobody read the metrics to their end");
            }
        }
    });
    Ok(())
}

//! A web server with a directory behind it: what anybody can put a channel of
//! releases on. It answers parts of files (RFC 9110, 14), and counts bytes.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use axum::http::{Method, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A running server, on threads of its own.
#[derive(Debug)]
pub struct Files {
    inner: Arc<Inner>,
    /// Where it listens, on loopback.
    pub port: u16,
    /// Its certificate in PEM, good for `localhost` and the address that QEMU
    /// gives its host.
    pub certificate: String,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    sent: AtomicU64,
}

impl Files {
    /// Serves a directory as it is when it is asked for.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn serve(dir: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let inner = Arc::new(Inner {
            dir: dir.to_owned(),
            sent: AtomicU64::new(0),
        });
        let (certificate, config) = crate::tls::identity();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(listen(listener, acceptor, Arc::clone(&inner)));
        Self {
            inner,
            port,
            certificate,
            _runtime: runtime,
        }
    }

    /// Bytes of files that were sent so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.inner.sent.load(Ordering::Relaxed)
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, inner: Arc<Inner>) {
    let router = Router::new().fallback(answer).with_state(inner);
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
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let name = request.uri().path().trim_start_matches('/');
    let inside = name.split('/').all(|part| !part.is_empty() && part != "..");
    let file = inside
        .then(|| File::open(inner.dir.join(name)).ok())
        .flatten();
    let Some((mut file, size)) = file.and_then(|file| {
        let meta = file.metadata().ok()?;
        meta.is_file().then_some((file, meta.len()))
    }) else {
        return status(StatusCode::NOT_FOUND);
    };
    let asked = request
        .headers()
        .get(RANGE)
        .and_then(|range| range.to_str().ok());
    let part = asked.map(|range| part(range, size));
    let (first, last) = match part {
        Some(None) => return status(StatusCode::RANGE_NOT_SATISFIABLE),
        Some(Some(part)) => part,
        None => (0, size.saturating_sub(1)),
    };
    let length = if size == 0 { 0 } else { last - first + 1 };
    let mut answer = Response::builder()
        .header(ACCEPT_RANGES, "bytes")
        .header(CONTENT_LENGTH, length);
    if part.is_some() {
        answer = answer
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_RANGE, format!("bytes {first}-{last}/{size}"));
    }
    if request.method() == Method::HEAD {
        return answer.body(Body::empty()).unwrap();
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    file.seek(SeekFrom::Start(first)).unwrap();
    file.read_exact(&mut bytes).unwrap();
    inner.sent.fetch_add(length, Ordering::Relaxed);
    answer.body(Body::from(bytes)).unwrap()
}

fn status(status: StatusCode) -> Response<Body> {
    Response::builder()
        .status(status)
        .body(Body::empty())
        .unwrap()
}

/// First and last byte of `bytes=…`; nothing when there is no such part.
fn part(range: &str, size: u64) -> Option<(u64, u64)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        return (size > 0).then(|| (size.saturating_sub(count), size - 1));
    }
    let first: u64 = first.parse().ok()?;
    let last = last.parse().unwrap_or(u64::MAX).min(size.checked_sub(1)?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_rfc() {
        assert_eq!(part("bytes=0-0", 10), Some((0, 0)));
        assert_eq!(part("bytes=4-", 10), Some((4, 9)));
        assert_eq!(part("bytes=-3", 10), Some((7, 9)));
        assert_eq!(part("bytes=8-99", 10), Some((8, 9)));
        for none in ["bytes=10-", "bytes=5-4", "lines=1-2", "bytes=0-1"] {
            let size = if none == "bytes=0-1" { 0 } else { 10 };
            assert_eq!(part(none, size), None, "{none}");
        }
    }
}

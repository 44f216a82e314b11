//! One connection, from handshake to close.
//!
//! Stopping is the delicate part. hyper closes an idle connection at once when
//! told to shut down, also one that was accepted and whose request is on its
//! way: its client would see a reset. So connections get a moment first, and
//! an answer given in that moment says that the connection ends with it.

use super::Peer;
use super::limits::Limits;
use super::serve::Service;
use crate::lifecycle::Shutdown;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tower::ServiceExt;

pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    service: &Service,
    shutdown: Shutdown,
) {
    // Answers are written whole; waiting to fill a segment only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, "TCP_NODELAY: {error}");
    }
    let router = service.router.clone();
    let Some(tls) = &service.tls else {
        return drive(
            TokioIo::new(stream),
            false,
            peer,
            router,
            &service.limits,
            shutdown,
        )
        .await;
    };
    match tokio::time::timeout(service.limits.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            drive(
                TokioIo::new(stream),
                http2,
                peer,
                router,
                &service.limits,
                shutdown,
            )
            .await;
        }
        Ok(Err(error)) => tracing::debug!(%peer, "TLS handshake failed: {error}"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}

async fn drive<Io>(
    io: Io,
    http2: bool,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    shutdown: Shutdown,
) where
    Io: Read + Write + Unpin + Send + 'static,
{
    let begun = Arc::new(AtomicBool::new(false));
    let service = {
        let (begun, shutdown) = (Arc::clone(&begun), shutdown.clone());
        service_fn(move |request: hyper::Request<Incoming>| {
            begun.store(true, Ordering::Relaxed);
            answer(
                router.clone(),
                request.map(Body::new),
                peer,
                shutdown.clone(),
            )
        })
    };
    let builder = builder(http2, limits);
    let connection = builder.serve_connection(io, service);
    tokio::pin!(connection);

    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = shutdown.requested() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            let linger = linger(begun.load(Ordering::Relaxed), limits);
            match tokio::time::timeout(linger, connection.as_mut()).await {
                Ok(ended) => ended,
                Err(_) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, "connection ended: {error}");
    }
}

fn linger(begun: bool, limits: &Limits) -> Duration {
    if begun {
        limits.linger
    } else {
        limits.linger_fresh
    }
}

async fn answer(
    router: Router,
    mut request: Request,
    peer: SocketAddr,
    shutdown: Shutdown,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(Peer(peer));
    let http1 = request.version() < Version::HTTP_2;
    let mut response = router.oneshot(request).await?;
    if http1 && shutdown.is_requested() {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

fn builder(http2: bool, limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    // ALPN has decided; guessing by the first bytes would lack a timeout.
    if http2 {
        builder.http2_only()
    } else {
        builder.http1_only()
    }
}

//! One connection, from handshake to close.
//!
//! Stopping is the delicate part. hyper closes an idle connection at once when
//! told to shut down, also one that was accepted and whose request is on its
//! way: its client would see a reset. So connections get a moment first, and
//! an answer given in that moment says that the connection ends with it.

use super::acme;
use super::answer::{Connection, answer};
use super::limits::Limits;
use super::pulse::Pulse;
use super::serve::Service;
use super::slots::Slot;
use super::socket::Socket;
use crate::lifecycle::Shutdown;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1::UpgradeableConnection;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    service: &Arc<Service>,
    shutdown: Shutdown,
) {
    // Answers are written whole; waiting to fill a segment only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, "TCP_NODELAY: {error}");
    }
    let socket = Socket::new(stream, service.limits.write, slot);
    let Some(tls) = &service.tls else {
        let connection = Connection::new(service, peer, shutdown, false, false);
        return drive(TokioIo::new(socket), connection).await;
    };
    let handshake = tls.acceptor.accept(socket);
    match tokio::time::timeout(service.limits.handshake, handshake).await {
        Ok(Ok(mut stream)) => {
            let session = stream.get_ref().1;
            if session.alpn_protocol() == Some(acme::ALPN) {
                // The handshake was the answer (RFC 8737, 3).
                tracing::info!(%peer, "an authority checked {:?}", session.server_name());
                if let Err(error) = stream.shutdown().await {
                    tracing::debug!(%peer, "the authority was gone first: {error}");
                }
                return;
            }
            let http2 = session.alpn_protocol() == Some(b"h2");
            let public = tls.certificates.is_public(session.server_name());
            let connection = Connection::new(service, peer, shutdown, http2, public);
            drive(TokioIo::new(stream), connection).await;
        }
        Ok(Err(error)) => {
            service.counters.handshake_failed();
            tracing::debug!(%peer, "TLS handshake failed: {error}");
        }
        Err(_) => {
            service.counters.handshake_failed();
            tracing::debug!(%peer, "TLS handshake took too long");
        }
    }
}

async fn drive<Io>(io: Io, connection: Connection)
where
    Io: Read + Write + Unpin + Send + 'static,
{
    let connection = Arc::new(connection);
    let limits = connection.limits();
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request: hyper::Request<Incoming>| {
            answer(Arc::clone(&connection), request)
        })
    };
    // ALPN has decided; guessing by the first bytes would lack a timeout.
    if connection.is_http2() {
        let driven = http2(&limits).serve_connection(io, service);
        tokio::pin!(driven);
        run(driven, &connection, http2::Connection::graceful_shutdown).await;
    } else {
        let driven = http1(&limits).serve_connection(io, service).with_upgrades();
        tokio::pin!(driven);
        run(
            driven,
            &connection,
            UpgradeableConnection::graceful_shutdown,
        )
        .await;
    }
}

/// Runs a connection to its end; `stop` is how it is told to come to one.
async fn run<C>(mut driven: Pin<&mut C>, connection: &Connection, stop: impl Fn(Pin<&mut C>))
where
    C: Future<Output = hyper::Result<()>>,
{
    let limits = connection.limits();
    let ended = tokio::select! {
        ended = driven.as_mut() => Some(ended),
        () = connection.shutdown().requested() => None,
        () = stuck(connection.pulse(), &limits) => {
            tracing::debug!(peer = %connection.peer(), "nothing moves on this connection: cut off");
            return;
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            let linger = linger(connection.has_begun(), &limits);
            match tokio::time::timeout(linger, driven.as_mut()).await {
                Ok(ended) => ended,
                Err(_) => {
                    stop(driven.as_mut());
                    driven.await
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %connection.peer(), "connection ended: {error}");
    }
}

/// Waits until an HTTP/2 connection is of no use: its streams are open and the
/// client takes nothing of them, or it has had none for long. (HTTP/1 is held
/// to its times by the socket and by hyper.)
async fn stuck(pulse: Option<&Pulse>, limits: &Limits) {
    let Some(pulse) = pulse else {
        return std::future::pending().await;
    };
    let mut looks = tokio::time::interval(limits.write.min(limits.idle) / 4);
    loop {
        looks.tick().await;
        if pulse.is_stuck(limits) {
            return;
        }
    }
}

fn linger(begun: bool, limits: &Limits) -> Duration {
    if begun {
        limits.linger
    } else {
        limits.linger_fresh
    }
}

fn http1(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_headers(128)
        .max_buf_size(64 * 1024);
    builder
}

fn http2(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        // Streams a client opened and reset before we saw them
        // (CVE-2023-44487), and those it makes us reset.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(128)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(128 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

//! The accept loop of one listening socket.

use super::connection;
use super::limits::Limits;
use crate::lifecycle::Shutdown;
use axum::Router;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// What is served on a socket.
#[derive(Clone)]
pub struct Service {
    /// Answers requests.
    pub router: Router,
    /// Makes TLS of TCP; `None` serves plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// How much clients may take.
    pub limits: Limits,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

/// Serves until asked to stop, then lets open connections finish.
///
/// # Errors
/// When the socket cannot be used at all.
pub async fn serve(listener: StdListener, service: Service, shutdown: Shutdown) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let limits = service.limits;
    let service = Arc::new(service);
    let slots = Arc::new(Semaphore::new(limits.connections));
    while !shutdown.is_requested() {
        // A slot first, then the connection: what finds no slot stays in the
        // backlog, where the next process could still take it.
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            break;
        };
        let stream = tokio::select! {
            biased;
            () = shutdown.requested() => break,
            stream = accept(&listener) => stream,
        };
        let Some((stream, peer)) = stream else {
            continue;
        };
        let (service, shutdown) = (Arc::clone(&service), shutdown.clone());
        tokio::spawn(async move {
            connection::serve(stream, peer, &service, shutdown).await;
            drop(slot);
        });
    }
    drop(listener);
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    if tokio::time::timeout(limits.drain, slots.acquire_many(all))
        .await
        .is_err()
    {
        let open = limits.connections - slots.available_permits();
        tracing::warn!(open, "connections were still open after {:?}", limits.drain);
    }
    Ok(())
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, std::net::SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            // Out of descriptors, most likely: waiting is all that helps.
            if !is_client_fault(&error) {
                tracing::error!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            None
        }
    }
}

fn is_client_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

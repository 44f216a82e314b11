//! The accept loop of one listening socket.

use super::connection;
use super::counters::Counters;
use super::limits::Limits;
use super::slots::Slots;
use super::statics::Statics;
use super::tls::Tls;
use crate::lifecycle::Shutdown;
use axum::Router;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// What is served on a socket.
#[derive(Clone)]
pub struct Service {
    /// Answers requests.
    pub router: Router,
    /// Makes TLS of TCP; `None` serves plain HTTP.
    pub tls: Option<Tls>,
    /// How much clients may take.
    pub limits: Limits,
    /// Files that are answered from memory.
    pub statics: Statics,
    /// What is counted.
    pub counters: Counters,
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
    let slots = Slots::new(limits.connections, limits.per_network);
    while !shutdown.is_requested() {
        // A slot first, then the connection: what finds no slot stays in the
        // backlog, where the next process could still take it.
        let Ok(room) = slots.free().await else {
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
        let Some(slot) = slots.admit(room, peer.ip()) else {
            service.counters.refused();
            tracing::debug!(%peer, "this network has its share of connections");
            continue;
        };
        let (service, shutdown) = (Arc::clone(&service), shutdown.clone());
        tokio::spawn(async move {
            connection::serve(stream, peer, slot, &service, shutdown).await;
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, slots.all_free(limits.connections))
        .await
        .is_err()
    {
        let open = limits.connections - slots.available();
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

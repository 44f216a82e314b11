//! The accept loop of one listening socket.

use super::connection;
use super::counters::Counters;
use super::limits::Limits;
use super::slots::Slots;
use super::statics::Statics;
use super::tls::Tls;
use crate::cloudflare::Cloudflare;
use crate::hold::Hold;
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
    /// Whose connections carry many clients.
    pub cloudflare: Cloudflare,
    /// While it is on, nothing is answered at the door.
    pub hold: Hold,
}

impl Service {
    /// How many connections one network may have. What is held piles up, and
    /// is no abuse; half of the places stay for the others, and for who looks
    /// whether the trial goes well.
    fn share(&self) -> usize {
        match self.hold.is_on() {
            true => (self.limits.connections / 2).max(self.limits.per_network),
            false => self.limits.per_network,
        }
    }
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
    let slots = Slots::new(limits.connections);
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
        let slot = match service.cloudflare.carries(peer.ip()) {
            true => Some(slots.admit_carrier(room)),
            false => slots.admit(room, peer.ip(), service.share()),
        };
        let Some(slot) = slot else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A server that takes one connection of each network.
    fn start(cloudflare: Cloudflare) -> (SocketAddr, Counters, lifecycle::Trigger) {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (trigger, shutdown) = lifecycle::shutdown();
        let counters = Counters::default();
        let service = Service {
            router: Router::new().route("/", axum::routing::get(async || "here")),
            tls: None,
            limits: Limits {
                per_network: 1,
                ..Limits::default()
            },
            statics: Statics::new(None),
            counters: counters.clone(),
            cloudflare,
            hold: Hold::default(),
        };
        tokio::spawn(serve(listener, service, shutdown));
        (address, counters, trigger)
    }

    async fn is_answered(stream: &mut TcpStream) -> bool {
        let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        // A connection that was closed fails here or below.
        let _closed = stream.write_all(request).await;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.is_ok() && head == *b"HTTP/1.1 200"
    }

    #[tokio::test]
    async fn the_share_of_a_network_is_no_limit_to_who_carries_many_clients() {
        for (cloudflare, all) in [
            (Cloudflare::default(), false),
            (Cloudflare::on_this_machine(), true),
        ] {
            let (address, counters, _trigger) = start(cloudflare);
            let mut streams = Vec::new();
            for number in 0..3 {
                let mut stream = TcpStream::connect(address).await.unwrap();
                assert_eq!(is_answered(&mut stream).await, all || number == 0);
                streams.push(stream);
            }
            assert_eq!(counters.snapshot().refused, if all { 0 } else { 2 });
        }
    }
}

//! Where connections come in: sockets, TLS, timeouts, limits, and stopping
//! without dropping anyone. The accept loop is ours because a server at the
//! edge must bound how long a client may take to send its request, and
//! `axum::serve` cannot.
//!
//! It must never close a listening socket that systemd keeps: while the
//! process is down, connections wait in that socket's backlog.
//!
//! Start reading at [`serve`].

pub mod acme;
mod answer;
pub mod certificate;
mod connection;
pub mod counters;
pub mod limits;
pub mod listeners;
pub mod pace;
mod pulse;
pub mod redirect;
pub mod reload;
pub mod serve;
mod slots;
mod socket;
pub mod statics;
mod strict;
pub mod tls;
mod trust;

use std::net::SocketAddr;

/// The other end of the connection, in every request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

//! Who asks. The socket's mode decides who may; that something was asked to be
//! changed is logged with the account.

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::UnixListener;

/// The process at the other end, as the kernel knows it (unix(7), SO_PEERCRED).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peer {
    /// Its account.
    pub(super) uid: Option<u32>,
    /// Its id.
    pub(super) pid: Option<i32>,
}

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        let credentials = stream.io().peer_cred().ok();
        Self {
            uid: credentials.as_ref().map(tokio::net::unix::UCred::uid),
            pid: credentials.as_ref().and_then(tokio::net::unix::UCred::pid),
        }
    }
}

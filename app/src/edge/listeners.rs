//! Which sockets to serve: systemd's, or addresses given by flag.

use crate::systemd::activation::{self, ActivationError, Passed};
use onebox_model::units;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// What the process listens on.
#[derive(Debug, Default)]
pub struct Listeners {
    /// For plain HTTP.
    pub http: Option<TcpListener>,
    /// For HTTP over TLS.
    pub https: Option<TcpListener>,
}

/// There is nothing to listen on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// What systemd passed is not usable.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// An address could not be had.
    #[error("cannot listen on {address}: {source}; is another program listening there?")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nothing was passed and nothing was asked for.
    #[error(
        "there is nothing to listen on: systemd passed no socket named http or https; \
         outside systemd give --listen-http ADDRESS:PORT or --listen-https ADDRESS:PORT"
    )]
    Nothing,
}

/// Takes systemd's sockets and has it keep them; binds addresses that were
/// given and not passed.
///
/// # Errors
/// When that leaves nothing, or an address cannot be had.
pub fn open(http: Option<SocketAddr>, https: Option<SocketAddr>) -> Result<Listeners, ListenError> {
    let passed = activation::take()?;
    activation::store(&passed);
    let mut listeners = Listeners::default();
    for Passed { name, listener } in passed {
        match name.as_str() {
            units::HTTP_FD_NAME => listeners.http = Some(listener),
            units::HTTPS_FD_NAME => listeners.https = Some(listener),
            other => tracing::warn!("a socket named {other:?} was passed and is not used"),
        }
    }
    if let (None, Some(address)) = (&listeners.http, http) {
        listeners.http = Some(bind(address)?);
    }
    if let (None, Some(address)) = (&listeners.https, https) {
        listeners.https = Some(bind(address)?);
    }
    if listeners.http.is_none() && listeners.https.is_none() {
        return Err(ListenError::Nothing);
    }
    Ok(listeners)
}

fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    bound.map_err(|source| ListenError::Bind { address, source })
}

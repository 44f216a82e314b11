//! What the daemon listens on: the socket that systemd passes (`boxd.socket`),
//! or one of its own where there is no systemd.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener as Blocking;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// There is nothing to listen on.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The variables make no sense.
    #[error("cannot read LISTEN_PID and LISTEN_FDS: {0}; systemd sets them, nobody else should")]
    Environment(sd_listen_fds::Error),
    /// The socket cannot be used.
    #[error("cannot listen on {}: {source}; is another boxd running?", path.display())]
    Listen {
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The listening socket.
pub(super) fn listener(path: &Path) -> Result<UnixListener, SocketError> {
    let listen = |source| SocketError::Listen {
        path: path.to_owned(),
        source,
    };
    let passed = sd_listen_fds::get().map_err(SocketError::Environment)?;
    let socket = match passed.into_iter().next() {
        Some((_, fd)) => Blocking::from(fd.into_std()),
        None => bind(path).map_err(listen)?,
    };
    socket.set_nonblocking(true).map_err(listen)?;
    UnixListener::from_std(socket).map_err(listen)
}

/// Binds, over what a killed process left; a process that still listens keeps it.
fn bind(path: &Path) -> io::Result<Blocking> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = Blocking::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(socket)
}

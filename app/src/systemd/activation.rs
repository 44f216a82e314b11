//! Sockets that systemd passes to the process: from socket units, and from
//! the descriptor store where an earlier start of the process put them.
//!
//! systemd may give the same socket twice, from its unit and from the store.
//! The stored one wins and the other is closed.

use super::notify;
use rustix::io::FdFlags;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};

/// What goes before a socket's name in the store.
const STORED: &str = "stored-";

/// A listening socket with the name of its unit.
#[derive(Debug)]
pub struct Passed {
    /// `http` or `https`.
    pub name: String,
    /// The socket.
    pub listener: TcpListener,
}

/// The sockets given to this process could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The variables make no sense.
    #[error("cannot read LISTEN_PID and LISTEN_FDS: {0}; systemd sets them, nobody else should")]
    Environment(sd_listen_fds::Error),
    /// A descriptor is not what it should be.
    #[error("the socket {name:?} passed by systemd is not usable: {source}")]
    Descriptor {
        /// Its name.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Takes the sockets given to this process; none outside systemd. To be called
/// once: a second call would take descriptors that have become others'.
///
/// # Errors
/// When what was given is not usable.
pub fn take() -> Result<Vec<Passed>, ActivationError> {
    let given = sd_listen_fds::get().map_err(ActivationError::Environment)?;
    let given = given
        .into_iter()
        .map(|(name, fd)| (name.unwrap_or_default(), fd.into_std()))
        .collect();
    prefer_stored(given)
        .into_iter()
        .map(|(name, fd)| match listener(fd) {
            Ok(listener) => Ok(Passed { name, listener }),
            Err(source) => Err(ActivationError::Descriptor { name, source }),
        })
        .collect()
}

/// Puts the sockets into the descriptor store, where they outlive the process
/// and go on collecting connections. Storing what is stored is harmless:
/// systemd closes duplicates.
pub fn store(passed: &[Passed]) {
    for Passed { name, listener } in passed {
        let state = format!("FDSTORE=1\nFDNAME={STORED}{name}\n");
        if let Err(error) = notify::send_with_fd(&state, listener.as_fd()) {
            tracing::warn!(
                name,
                "cannot store the socket, a restart will drop connections: {error}"
            );
        }
    }
}

fn prefer_stored(given: Vec<(String, OwnedFd)>) -> Vec<(String, OwnedFd)> {
    let mut kept: Vec<(String, OwnedFd)> = Vec::new();
    let (stored, fresh): (Vec<_>, Vec<_>) = given
        .into_iter()
        .partition(|(name, _)| name.starts_with(STORED));
    for (name, fd) in stored.into_iter().chain(fresh) {
        let name = name.strip_prefix(STORED).unwrap_or(&name).to_owned();
        // The second of a name is dropped, which closes it.
        if !kept.iter().any(|(taken, _)| *taken == name) {
            kept.push((name, fd));
        }
    }
    kept
}

fn listener(fd: OwnedFd) -> io::Result<TcpListener> {
    rustix::io::fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    if !rustix::net::sockopt::socket_acceptconn(&fd)? {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a listening socket",
        ));
    }
    let listener = TcpListener::from(fd);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    fn socket() -> OwnedFd {
        TcpListener::bind("127.0.0.1:0").unwrap().into()
    }

    #[test]
    fn a_stored_socket_wins_over_the_one_of_its_unit() {
        let (unit, stored) = (socket(), socket());
        let expected = stored.as_raw_fd();
        let kept = prefer_stored(vec![("http".into(), unit), ("stored-http".into(), stored)]);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].0, "http");
        assert_eq!(kept[0].1.as_raw_fd(), expected);
    }

    #[test]
    fn sockets_of_different_names_are_all_kept() {
        let kept = prefer_stored(vec![("https".into(), socket()), ("http".into(), socket())]);
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn a_descriptor_that_does_not_listen_is_refused() {
        let datagram: OwnedFd = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().into();
        assert!(listener(datagram).is_err());
        assert!(listener(socket()).is_ok());
    }
}

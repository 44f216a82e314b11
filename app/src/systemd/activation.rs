//! Sockets that systemd passes to the process: from socket units, and from
//! the descriptor store where an earlier start of the process put them.
//!
//! systemd may give the same socket twice, from its unit and from the store; one
//! of them is closed. They are two different ones after a soft reboot: the stored
//! one collected connections meanwhile, and the new system has bound its own
//! beside it (`ReusePort=yes`). The unit's is kept, and the kernel moves to it what
//! waits on the other when that is closed (`net.ipv4.tcp_migrate_req`).

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
    let (kept, outlived) = prefer_units(given);
    for name in outlived {
        tracing::info!(name, "what waits on the stored socket goes to the unit's");
        notify::forget_fd(&format!("{STORED}{name}"));
    }
    kept.into_iter()
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

/// One socket of each name, the unit's where there is one; and the names whose
/// stored socket is another than that.
fn prefer_units(given: Vec<(String, OwnedFd)>) -> (Vec<(String, OwnedFd)>, Vec<String>) {
    let mut kept: Vec<(String, OwnedFd)> = Vec::new();
    let mut outlived: Vec<String> = Vec::new();
    let (stored, fresh): (Vec<_>, Vec<_>) = given
        .into_iter()
        .partition(|(name, _)| name.starts_with(STORED));
    for (name, fd) in fresh.into_iter().chain(stored) {
        let name = name.strip_prefix(STORED).unwrap_or(&name).to_owned();
        // The second of a name is dropped, which closes it.
        match kept.iter().find(|(taken, _)| *taken == name) {
            None => kept.push((name, fd)),
            Some((_, first)) if is_same(first, &fd) => {}
            Some(_) if outlived.contains(&name) => {}
            Some(_) => outlived.push(name),
        }
    }
    (kept, outlived)
}

/// Whether two descriptors are of one socket. Where the system cannot tell they
/// are taken for one: nothing is taken out of the store then.
fn is_same(one: &OwnedFd, other: &OwnedFd) -> bool {
    match (rustix::fs::fstat(one), rustix::fs::fstat(other)) {
        (Ok(one), Ok(other)) => (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino),
        _ => true,
    }
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
    fn a_socket_that_comes_twice_is_taken_once() {
        let unit = socket();
        let stored = unit.try_clone().unwrap();
        let (kept, outlived) =
            prefer_units(vec![("stored-http".into(), stored), ("http".into(), unit)]);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].0, "http");
        assert_eq!(outlived, Vec::<String>::new());
    }

    #[test]
    fn a_stored_socket_beside_a_new_one_of_its_unit_is_left() {
        let (unit, stored) = (socket(), socket());
        let expected = unit.as_raw_fd();
        let (kept, outlived) =
            prefer_units(vec![("stored-http".into(), stored), ("http".into(), unit)]);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].1.as_raw_fd(), expected);
        assert_eq!(outlived, ["http"]);
    }

    #[test]
    fn sockets_of_different_names_are_all_kept_and_a_stored_one_alone_is_used() {
        let (kept, outlived) = prefer_units(vec![
            ("stored-https".into(), socket()),
            ("http".into(), socket()),
        ]);
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().any(|(name, _)| name == "https"));
        assert_eq!(outlived, Vec::<String>::new());
    }

    #[test]
    fn a_descriptor_that_does_not_listen_is_refused() {
        let datagram: OwnedFd = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().into();
        assert!(listener(datagram).is_err());
        assert!(listener(socket()).is_ok());
    }
}

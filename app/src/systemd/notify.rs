//! The notification socket: states as datagrams, descriptors with them.

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::time::{ClockId, clock_gettime};
use std::ffi::OsStr;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The process serves.
pub fn ready(status: &str) {
    send(&format!("READY=1\nSTATUS={}\n", one_line(status)));
}

/// The process reloads; `ready` ends that.
pub fn reloading() {
    let now = clock_gettime(ClockId::Monotonic);
    let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
    send(&format!("RELOADING=1\nMONOTONIC_USEC={micros}\n"));
}

/// The process stops.
pub fn stopping(status: &str) {
    send(&format!("STOPPING=1\nSTATUS={}\n", one_line(status)));
}

/// One line for `systemctl status`.
pub fn status(status: &str) {
    send(&format!("STATUS={}\n", one_line(status)));
}

/// The process is alive.
pub fn watchdog() {
    send("WATCHDOG=1\n");
}

/// The descriptors stored under this name are to be closed.
pub(super) fn forget_fd(name: &str) {
    send(&format!("FDSTOREREMOVE=1\nFDNAME={name}\n"));
}

fn send(state: &str) {
    let sent = match socket() {
        Ok(None) => Ok(()),
        Ok(Some(socket)) => socket.send(state.as_bytes()).map(|_| ()),
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        tracing::warn!("cannot notify systemd: {error}");
    }
}

/// Sends a state that is about a descriptor.
pub(super) fn send_with_fd(state: &str, fd: BorrowedFd<'_>) -> io::Result<()> {
    let Some(socket) = socket()? else {
        return Ok(());
    };
    let fds = [fd];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(io::Error::other("no room for the descriptor"));
    }
    let message = [IoSlice::new(state.as_bytes())];
    rustix::net::sendmsg(&socket, &message, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn socket() -> io::Result<Option<UnixDatagram>> {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else {
        return Ok(None);
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address(&path)?)?;
    Ok(Some(socket))
}

/// A path, or with a leading @ a name outside the file system.
fn address(path: &OsStr) -> io::Result<SocketAddr> {
    match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(path),
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

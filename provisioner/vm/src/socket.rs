//! Connects to unix sockets however long their path is.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Connects to the socket at `path`.
///
/// The kernel takes paths of up to 107 bytes; a longer one is reached through
/// a descriptor of its directory.
///
/// # Errors
/// When nobody listens there.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    match (path.parent(), path.file_name()) {
        (Some(dir), Some(name)) if path.as_os_str().len() > 107 => {
            let dir = File::open(dir)?;
            let short = format!("/proc/self/fd/{}", dir.as_raw_fd());
            UnixStream::connect(Path::new(&short).join(name))
        }
        _ => UnixStream::connect(path),
    }
}

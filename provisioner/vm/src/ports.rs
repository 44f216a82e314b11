//! Finds out before a start whether the ports are free, and who has them.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

use crate::error::{Error, Result};
use crate::settings::Ports;

/// Fails when a port is taken, naming it and, if it can be known, the owner.
///
/// # Errors
/// [`Error::PortTaken`] or [`Error::Port`].
pub fn check_free(ports: &Ports) -> Result<()> {
    for (port, purpose) in [
        (ports.https, "https"),
        (ports.http, "http"),
        (ports.ssh, "ssh"),
    ] {
        match TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let owner = owner(port).unwrap_or_else(|| "another program".into());
                return Err(Error::PortTaken {
                    port,
                    purpose,
                    owner,
                });
            }
            Err(source) => {
                return Err(Error::Port {
                    port,
                    purpose,
                    source,
                });
            }
        }
    }
    Ok(())
}

/// Three ports that are free right now, for machines that need no fixed ones.
///
/// # Errors
/// When the system gives none.
pub fn free() -> io::Result<Ports> {
    // All three are held at once, so that they differ.
    let bind = || TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));
    let (https, http, ssh) = (bind()?, bind()?, bind()?);
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    Ok(Ports {
        https: port(&https)?,
        http: port(&http)?,
        ssh: port(&ssh)?,
    })
}

/// Who listens on `port`, as `name (process N)`. Processes of other users are
/// hidden from everyone but root.
fn owner(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| listeners(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    for process in processes {
        let pid = process.file_name();
        // `self` and its like come without a number.
        if !pid.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let holds = descriptors
            .flatten()
            .filter_map(|fd| fs::read_link(fd.path()).ok())
            .any(|target| {
                inodes
                    .iter()
                    .any(|inode| target.as_os_str() == inode.as_str())
            });
        if holds {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!(
                "{} (process {})",
                name.trim(),
                pid.to_string_lossy()
            ));
        }
    }
    None
}

/// Inodes of the listening sockets on `port` in a `/proc/net/tcp` table.
fn listeners(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() > 9 && fields[3] == LISTEN && fields[1].ends_with(&suffix))
        .map(|fields| fields[9].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_owner_and_the_flag_to_change() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap().port();
        let text = check_free(&Ports {
            ssh: taken,
            ..free().unwrap()
        })
        .unwrap_err()
        .to_string();
        assert!(
            text.contains(&taken.to_string()) && text.contains("--ssh-port"),
            "{text}"
        );
        assert!(
            text.contains(&format!("process {}", std::process::id())),
            "{text}"
        );
    }

    #[test]
    fn free_ports_differ_and_are_free() {
        let ports = free().unwrap();
        assert!(ports.https != ports.http && ports.http != ports.ssh && ports.https != ports.ssh);
        check_free(&ports).unwrap();
    }
}

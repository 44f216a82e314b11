//! Asks every TCP port of an address for a connection, and prints those that
//! are taken, one a line. A refusal is printed as `PORT refused`; silence is
//! not printed, it is what a firewall that drops gives.
//!
//! It is taken to a place that has no such tool. Threads and nothing else: the
//! workspace's lock file stays as it is.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool of the tests"
)]

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// Asked at a time: nearly all of them wait for the whole patience. A process may
/// have 1024 open files.
const AT_ONCE: usize = 900;
/// An emulated machine takes its time.
const PATIENCE: Duration = Duration::from_millis(1500);
const STACK: usize = 64 << 10;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().expect("scan ADDRESS [LAST_PORT]");
    let last = arguments.next().map_or(65_535, |last| {
        last.parse().expect("the last port is a number")
    });
    let address: IpAddr = address.parse().expect("an address");
    let next = AtomicU32::new(1);
    let seen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let scan = || {
                loop {
                    let port = next.fetch_add(1, Ordering::Relaxed);
                    let Ok(port) = u16::try_from(port) else {
                        return;
                    };
                    if port > last {
                        return;
                    }
                    if let Some(line) = ask(SocketAddr::new(address, port)) {
                        seen.lock().expect("no thread panics").push((port, line));
                    }
                }
            };
            let thread = thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, scan).expect("a thread");
        }
    });
    let mut seen = seen.into_inner().expect("no thread panics");
    seen.sort();
    for (_, line) in seen {
        println!("{line}");
    }
}

fn ask(at: SocketAddr) -> Option<String> {
    let port = at.port();
    match TcpStream::connect_timeout(&at, PATIENCE) {
        Ok(_) => Some(port.to_string()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            Some(format!("{port} refused"))
        }
        // No answer at all.
        Err(error) if error.kind() == ErrorKind::TimedOut => None,
        Err(error) => Some(format!("{port} failed: {error}")),
    }
}

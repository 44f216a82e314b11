//! Redis: one server for all tests, a numbered database for each.

use super::janitor::{Kept, program};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub struct Server {
    socket: PathBuf,
    _kept: Kept,
}

impl Server {
    /// Starts one in a directory that goes with it.
    pub fn start() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("wizamart-redis-")
            .tempdir()
            .unwrap()
            .keep();
        let socket = dir.join("redis.sock");
        let command: Vec<String> = [
            &program(&["/usr/bin/redis-server".to_owned()], "redis-server"),
            "--port",
            "0",
            "--unixsocket",
            socket.to_str().unwrap(),
            "--save",
            "",
            "--databases",
            "1000",
            "--dir",
            dir.to_str().unwrap(),
        ]
        .map(str::to_owned)
        .to_vec();
        let kept = Kept::start("TERM", Some(&dir), &dir.join("log"), &command);
        let started = Instant::now();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "Redis does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            socket,
            _kept: kept,
        }
    }

    pub fn url(&self, database: u32) -> String {
        format!("redis+unix://{}?db={database}", self.socket.display())
    }
}

/// The address of a database nobody else uses.
pub fn private_url() -> String {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
    static NEXT: AtomicU32 = AtomicU32::new(0);
    SERVER.url(NEXT.fetch_add(1, Ordering::Relaxed))
}

//! Redis for development.

use super::keeper::Kept;
use super::{DevError, file};
use std::path::Path;

/// A running server and its address.
#[derive(Debug)]
pub struct Redis {
    /// Through its socket.
    pub url: String,
    _kept: Kept,
}

/// Starts a server that keeps its data in `dir`.
///
/// # Errors
/// When the machine has no Redis or it does not come up.
pub fn start(dir: &Path) -> Result<Redis, DevError> {
    let program = [
        "/usr/bin/redis-server",
        "/usr/local/bin/redis-server",
        "/usr/bin/valkey-server",
    ]
    .into_iter()
    .find(|path| Path::new(path).exists())
    .ok_or(DevError::Missing {
        program: "redis-server",
        package: "redis-server",
    })?;
    std::fs::create_dir_all(dir).map_err(file("make", dir))?;
    let socket = dir.join("redis.sock");
    let (dir_text, socket_text) = (dir.display().to_string(), socket.display().to_string());
    let command: Vec<String> = [
        program,
        "--port",
        "0",
        "--unixsocket",
        &socket_text,
        "--dir",
        &dir_text,
        "--appendonly",
        "yes",
    ]
    .map(str::to_owned)
    .to_vec();
    let log = dir.with_extension("log");
    let kept = Kept::start("redis-server", "TERM", &command, None, &log, &socket)?;
    let url = format!("redis+unix://{socket_text}");
    Ok(Redis { url, _kept: kept })
}

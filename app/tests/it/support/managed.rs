//! Servers as a provider runs them: with certificates, behind a pooler, with
//! sentinels. All on this machine, on ports of their own.

use super::janitor::{Kept, as_user, is_root, program, run};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wizamart::settings::Settings;

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// An authority (`ca.pem`) and a server's pair (`server.pem`, `server.key`)
/// for localhost.
pub fn write_certificates(dir: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let server = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let pair = params.signed_by(&server, &issuer).unwrap();
    std::fs::write(dir.join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(dir.join("server.pem"), pair.pem()).unwrap();
    let path = dir.join("server.key");
    std::fs::write(&path, server.serialize_pem()).unwrap();
    run(&["chmod".into(), "600".into(), path.display().to_string()]);
}

/// The settings a process would have with this file.
pub fn settings(text: &str) -> Settings {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("onebox.toml");
    std::fs::write(&path, text).unwrap();
    Settings::load(&path).unwrap()
}

/// A server of a directory of its own, ended and removed with its owner.
pub struct Program {
    pub port: u16,
    _kept: Kept,
}

fn directory(name: &str) -> PathBuf {
    let prefix = format!("wizamart-{name}-");
    let dir = tempfile::Builder::new().prefix(&prefix).tempdir();
    dir.unwrap().keep()
}

fn started(dir: PathBuf, port: u16, command: &[String]) -> Program {
    let log = dir.join("log");
    let kept = Kept::start("TERM", Some(&dir), &log, command);
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{command:?}: {}",
            said()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Program { port, _kept: kept }
}

/// Redis with these lines of configuration.
pub fn redis(prepare: impl FnOnce(&Path, u16) -> String) -> Program {
    let (dir, port) = (directory("redis"), free_port());
    let file = dir.join("redis.conf");
    let lines = prepare(&dir, port);
    let text = format!(
        "dir {}\nsave \"\"\nbind 127.0.0.1\n{lines}\n",
        dir.display()
    );
    std::fs::write(&file, text).unwrap();
    let server = program(&["/usr/bin/redis-server".to_owned()], "redis-server");
    started(dir, port, &[server, file.display().to_string()])
}

/// A sentinel that watches one primary, alone, and soon loses patience.
pub fn sentinel(name: &str, primary: u16) -> Program {
    let (dir, port) = (directory("sentinel"), free_port());
    let file = dir.join("sentinel.conf");
    let text = format!(
        "dir {}\nbind 127.0.0.1\nport {port}\n\
         sentinel monitor {name} 127.0.0.1 {primary} 1\n\
         sentinel down-after-milliseconds {name} 1000\n\
         sentinel failover-timeout {name} 5000\n",
        dir.display()
    );
    std::fs::write(&file, text).unwrap();
    let sentinel = program(&["/usr/bin/redis-sentinel".to_owned()], "redis-sentinel");
    started(dir, port, &[sentinel, file.display().to_string()])
}

/// How a pooler lends connections.
pub enum Lends {
    /// For a transaction, and it knows about prepared statements.
    Transactions,
    /// For as long as the client stays.
    Sessions,
}

/// What this machine's PgBouncer can do: since 1.21 it knows prepared
/// statements in transaction mode.
pub fn pgbouncer_lends() -> Lends {
    let output = std::process::Command::new(pgbouncer_program())
        .arg("--version")
        .output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let version = text.split_whitespace().nth(1).unwrap().to_owned();
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    match (parts.next().unwrap(), parts.next().unwrap()) {
        (major, minor) if (major, minor) >= (1, 21) => Lends::Transactions,
        _ => Lends::Sessions,
    }
}

fn pgbouncer_program() -> String {
    let candidates = [
        "/usr/local/sbin/pgbouncer",
        "/usr/local/bin/pgbouncer",
        "/usr/sbin/pgbouncer",
    ];
    program(&candidates.map(str::to_owned), "pgbouncer")
}

/// PgBouncer before the server whose socket is in a directory.
pub fn pgbouncer(socket: &Path, lends: &Lends) -> Program {
    let (dir, port) = (directory("pgbouncer"), free_port());
    let file = dir.join("pgbouncer.ini");
    let mode = match lends {
        Lends::Transactions => "pool_mode = transaction\nmax_prepared_statements = 200",
        Lends::Sessions => "pool_mode = session",
    };
    let text = format!(
        "[databases]\n* = host={} port=5432 user=postgres\n[pgbouncer]\n\
         listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
         default_pool_size = 6\n{mode}\n",
        socket.display()
    );
    std::fs::write(&file, text).unwrap();
    if is_root() {
        run(&[
            "chown".into(),
            "-R".into(),
            "postgres".into(),
            dir.display().to_string(),
        ]);
    }
    let command = [pgbouncer_program(), file.display().to_string()];
    started(dir, port, &as_user("postgres", &command))
}
